import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";

import { Snapshot, translate, WaypointXdsError } from "waypoint-xds";

import { BOOKINFO, SHOP } from "./snapshots.js";

const ROUNDS = 200;
// Without freeing it would be more than 200 MB: a round holds more than 2.
const LIMIT = 30 * 2 ** 20;

/** How many bytes more the process holds after the second half of many rounds. */
async function growth(round: () => void): Promise<number> {
  let before = 0;
  for (let number = 0; number < ROUNDS; number += 1) {
    if (number === ROUNDS / 2) before = process.memoryUsage().rss;
    round();
    if (number % 5 === 0) {
      globalThis.gc?.();
      // Finalizers run between tasks.
      await setImmediate();
    }
  }
  return process.memoryUsage().rss - before;
}

test("what is freed does not stay", async () => {
  const grown = await growth(() => {
    const snapshot = Snapshot.fromYaml(BOOKINFO);
    translate(snapshot).free();
    snapshot.free();
  });
  assert.ok(grown < LIMIT, `${grown} bytes more`);
});

test("what is collected as garbage does not stay", async () => {
  assert.ok(globalThis.gc !== undefined, "run with --expose-gc");
  const grown = await growth(() => translate(Snapshot.fromYaml(BOOKINFO)));
  assert.ok(grown < LIMIT, `${grown} bytes more`);
});

test("a translation does not need its snapshot to stay", () => {
  const snapshot = Snapshot.fromYaml(SHOP, "shop.yaml");
  const waypoint = translate(snapshot).waypoint("shop/waypoint");
  snapshot.free();
  const files = waypoint?.clusters.flatMap(({ origins }) => origins.flatMap(({ objects }) => objects.map((o) => o.file)));
  assert.deepEqual([...new Set(files)], ["shop.yaml"]);
});

test("what was freed says so", () => {
  const snapshot = Snapshot.fromYaml(SHOP);
  const translation = translate(snapshot);
  const cluster = translation.waypoint("shop/waypoint")?.clusters[0];
  snapshot.free();
  snapshot.free();
  translation.free();
  const isFreed = (error: unknown) => error instanceof WaypointXdsError && error.code === "freed";
  assert.throws(() => snapshot.problems, isFreed);
  assert.throws(() => translate(snapshot), isFreed);
  assert.throws(() => translation.toJson(), isFreed);
  assert.throws(() => cluster?.toJson(), isFreed);
  assert.equal(cluster?.typeUrl, "type.googleapis.com/envoy.config.cluster.v3.Cluster", "what was read before stays");
});

test("`using` frees at the end of the block", () => {
  let outside: Snapshot;
  {
    using snapshot = Snapshot.fromYaml(SHOP);
    outside = snapshot;
    assert.equal(snapshot.problems.length, 0);
  }
  assert.throws(() => outside.summary, WaypointXdsError);
});

test("bytes are a copy", () => {
  const translation = translate(Snapshot.fromYaml(SHOP));
  const bytes = translation.waypoint("shop/waypoint")?.clusters[0]?.toBytes();
  const copy = bytes?.slice();
  translation.free();
  for (let round = 0; round < 10; round += 1) translate(Snapshot.fromYaml(BOOKINFO));
  assert.deepEqual(bytes, copy);
});
