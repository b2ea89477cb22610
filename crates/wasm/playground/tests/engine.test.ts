// The page's side of the worker, with workers that answer as they are told to.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Engine, EngineError } from "../src/engine/engine.ts";
import type { Input, Reply, Request } from "../src/engine/protocol.ts";

/** A worker of which the test is the other side. */
class FakeWorker {
  static readonly all: FakeWorker[] = [];
  onmessage: ((event: { data: Reply }) => void) | undefined;
  onerror: ((event: { message: string; preventDefault(): void }) => void) | undefined;
  readonly asked: Request[] = [];
  terminated = false;

  constructor() {
    FakeWorker.all.push(this);
  }

  postMessage(request: Request): void {
    this.asked.push(request);
  }

  terminate(): void {
    this.terminated = true;
  }

  /** Answers the question that was asked last. */
  answer(reply: { gives: unknown } | { failure: { code: string; message: string } }): void {
    const id = this.asked.at(-1)?.id;
    assert.ok(id !== undefined, "it was asked");
    this.onmessage?.({ data: { id, ...reply } as Reply });
  }
}

globalThis.Worker = FakeWorker as unknown as typeof Worker;

function worker(number: number): FakeWorker {
  const worker = FakeWorker.all[number];
  assert.ok(worker !== undefined, `there is worker ${number}`);
  return worker;
}

const INPUT: Input = { files: [{ name: "a.yaml", text: "" }], options: {} };

beforeEach(() => void FakeWorker.all.splice(0));

test("a worker without memory is started again, and says so", async () => {
  const engine = new Engine();
  const translated = engine.translate(INPUT);
  worker(0).answer({ failure: { code: "out-of-memory", message: "the input needs more memory than WebAssembly has" } });
  await assert.rejects(translated, (error: unknown) => {
    assert.ok(error instanceof EngineError && error.code === "out-of-memory");
    assert.match(error.message, /the translator is started again$/);
    return true;
  });
  assert.ok(worker(0).terminated);
  const again = engine.translate(INPUT);
  worker(1).answer({ gives: { waypoints: [] } });
  assert.deepEqual((await again)?.waypoints, []);
});

test("a question that kills a worker is the last of what was asked of it, and the next worker knows what it is about", async () => {
  const engine = new Engine();
  const translated = engine.translate(INPUT);
  worker(0).answer({ gives: { waypoints: ["shop/waypoint"] } });
  await translated;
  const waiting = [engine.ask("all", {}), engine.ask("configDump", { waypoint: "shop/waypoint" })];
  worker(0).answer({ failure: { code: "crashed", message: "the translator crashed: unreachable" } });
  for (const answer of waiting) await assert.rejects(answer, EngineError);
  const all = engine.ask("all", {});
  assert.deepEqual(worker(1).asked.map(({ method }) => method), ["translate", "all"]);
  assert.deepEqual(worker(1).asked[0]?.takes, INPUT);
  worker(1).answer({ gives: "{}" });
  assert.equal(await all, "{}");
});

test("what is wrong with a question leaves the worker alone", async () => {
  const engine = new Engine();
  const translated = engine.translate(INPUT);
  worker(0).answer({ failure: { code: "unknown-release", message: "unknown release" } });
  await assert.rejects(translated, EngineError);
  assert.ok(!worker(0).terminated);
});

test("a worker that cannot be loaded is asked anew", async () => {
  const engine = new Engine();
  const translated = engine.translate(INPUT);
  worker(0).onerror?.({ message: "", preventDefault: () => undefined });
  await assert.rejects(translated, /could not be loaded/);
  void engine.translate(INPUT);
  assert.equal(worker(1).asked.length, 1);
});
