// In a process of its own, whose WebAssembly has little memory.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { initSync, Snapshot, translate, WaypointXdsError } from "waypoint-xds/init";

import { SHOP } from "./snapshots.js";

const PAGES = 1024; // of 64 KiB

/** The module with another limit of its memory: the fifth section, as long as before or a few bytes longer. */
function withLittleMemory(module: Uint8Array): Uint8Array<ArrayBuffer> {
  let at = 8;
  while (at < module.length) {
    const [id, head] = [module[at], at];
    const [size, body] = number(module, at + 1);
    at = body + size;
    if (id !== 5) continue;
    // One memory: whether it has a maximum, and its minimum.
    const [minimum] = number(module, body + 2);
    assert.ok(minimum < PAGES, `it starts with ${minimum} pages`);
    const memory = [1, 1, ...bytes(minimum), ...bytes(PAGES)];
    return Uint8Array.from([...module.subarray(0, head), 5, memory.length, ...memory, ...module.subarray(at)]);
  }
  assert.fail("it has no memory");
}

/** A number as WebAssembly writes it (LEB128), and where what follows it is. */
function number(module: Uint8Array, at: number): [number, number] {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = module[at++] ?? 0;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [value, at];
  }
}

function bytes(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...bytes(value >> 7)];
}

initSync(withLittleMemory(readFileSync(fileURLToPath(import.meta.resolve("waypoint-xds/waypoint_xds.wasm")))));

function isOutOfMemory(error: unknown): boolean {
  return error instanceof WaypointXdsError && error.code === "out-of-memory";
}

test("what does not fit into the memory is an error, and the module lives on", () => {
  assert.throws(() => Snapshot.fromYaml("#".repeat(100 << 20)), isOutOfMemory);
  assert.deepEqual(translate(Snapshot.fromYaml(SHOP)).waypoints, ["shop/waypoint"]);
});

test("what grows out of the memory while it is read is one, too", () => {
  const pod = (at: number) => `apiVersion: v1\nkind: Pod\nmetadata: {name: p${at}, namespace: shop}\n---\n`;
  const pods = Array.from({ length: 400_000 }, (_, at) => pod(at)).join("");
  assert.throws(() => Snapshot.fromYaml(pods), isOutOfMemory);
});
