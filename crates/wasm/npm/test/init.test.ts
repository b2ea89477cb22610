import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { init, initSync, Snapshot, translate } from "waypoint-xds/init";

import { SHOP } from "./snapshots.js";

test("whoever wants to decides when WebAssembly is loaded", async () => {
  const wasm = await readFile(fileURLToPath(import.meta.resolve("waypoint-xds/waypoint_xds.wasm")));
  assert.throws(() => Snapshot.fromYaml(SHOP));
  await init(wasm);
  initSync(wasm);
  assert.deepEqual(translate(Snapshot.fromYaml(SHOP)).waypoints, ["shop/waypoint"]);
});
