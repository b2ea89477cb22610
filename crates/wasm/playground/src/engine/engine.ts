// The page's side of the worker.
import type { Failure, Input, Method, Methods, Outcome, Reply, Request } from "./protocol.ts";

/** An answer that says what went wrong. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  readonly code: string;

  constructor(failure: Failure) {
    super(failure.message);
    this.code = failure.code;
  }
}

/** After these nothing that the worker holds can be relied on. */
const FATAL: ReadonlySet<string> = new Set(["out-of-memory", "internal-error", "crashed"]);

interface Waiting {
  resolve(gives: Methods[Method]["gives"]): void;
  reject(error: Error): void;
}

/**
 * Asks the worker, and never translates what is stale already. A worker that died is started again with the next question,
 * and translates again what that is about.
 */
export class Engine {
  #worker: Worker | undefined;
  #next = 1;
  readonly #waiting = new Map<number, Waiting>();
  #busy = false;
  /** What the worker's last translation was made of. */
  #translated: Input | undefined;
  #queued: { input: Input; done: (outcome: Promise<Outcome | undefined>) => void } | undefined;

  /** Translates; `undefined` if something newer was asked for before it was this one's turn, or while it was. */
  translate(input: Input): Promise<Outcome | undefined> {
    if (this.#busy) {
      this.#queued?.done(Promise.resolve(undefined));
      return new Promise((done) => (this.#queued = { input, done }));
    }
    this.#busy = true;
    return this.#translateNow(input);
  }

  /** Asks for something about the last translation. */
  ask<M extends Exclude<Method, "translate">>(method: M, takes: Methods[M]["takes"]): Promise<Methods[M]["gives"]> {
    return this.#send(method, takes);
  }

  async #translateNow(input: Input): Promise<Outcome | undefined> {
    try {
      const outcome = await this.#send("translate", input);
      this.#translated = input;
      return this.#queued === undefined ? outcome : undefined;
    } finally {
      const queued = this.#queued;
      this.#queued = undefined;
      if (queued === undefined) this.#busy = false;
      else queued.done(this.#translateNow(queued.input));
    }
  }

  #send<M extends Method>(method: M, takes: Methods[M]["takes"]): Promise<Methods[M]["gives"]> {
    if (this.#worker === undefined && method !== "translate" && this.#translated !== undefined) {
      // It fails again, if it does, with the question that is asked of it.
      this.#send("translate", this.#translated).catch(() => undefined);
    }
    const id = this.#next++;
    const answer = new Promise<Methods[M]["gives"]>((resolve, reject) => {
      // Each method's reply is of its type: the worker is checked against the same `Methods`.
      this.#waiting.set(id, { resolve: resolve as Waiting["resolve"], reject });
    });
    this.#start().postMessage({ id, method, takes } as Request);
    return answer;
  }

  #start(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<Reply>) => this.#settle(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#stop({ code: "worker", message: event.message || "the translator could not be loaded" });
    };
    return (this.#worker = worker);
  }

  /** Gives the worker up: whoever waits for it is told why. */
  #stop(failure: Failure): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    const error = new EngineError(failure);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #settle(reply: Reply): void {
    if ("failure" in reply && FATAL.has(reply.failure.code)) {
      const { code, message } = reply.failure;
      return this.#stop({ code, message: `${message}; the translator is started again` });
    }
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ("failure" in reply) waiting?.reject(new EngineError(reply.failure));
    else waiting?.resolve(reply.gives);
  }
}
