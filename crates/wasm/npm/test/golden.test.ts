import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { type Release, Snapshot, translate } from "waypoint-xds";

import { TESTDATA } from "./snapshots.js";

/** Of the other releases there is only what differs from the next. */
const IN_FULL: readonly Release[] = ["1.18", "1.31"];

const KINDS = ["listeners", "clusters", "routes", "endpoints"] as const;

type Golden = Record<string, Record<string, unknown[]>>;

/** What the golden files of a case hold, as `toJson()` has it: every kind of every waypoint, empty ones too. */
function golden(folder: string, name: string, waypoints: string[]): Golden {
  const all: Golden = Object.fromEntries(waypoints.map((waypoint) => [waypoint, {}]));
  for (const kind of KINDS) {
    const file = `${folder}/${name}.${kind}.json`;
    const found = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown[]>) : {};
    for (const waypoint of new Set([...waypoints, ...Object.keys(found)])) (all[waypoint] ??= {})[kind] = found[waypoint] ?? [];
  }
  return all;
}

// Every golden file: WebAssembly says what the other doors say.
for (const release of IN_FULL) {
  test(`golden files of ${release}`, () => {
    const folder = `${TESTDATA}/golden/${release}`;
    const names = new Set(
      readdirSync(folder).flatMap((file) => /^([^.]+(\.envoy)?)\.(listeners|clusters|routes|endpoints)\.json$/.exec(file)?.[1] ?? []),
    );
    assert.ok(names.size > 100);
    for (const name of names) {
      const dialect = name.endsWith(".envoy") ? ("envoy" as const) : undefined;
      const input = `${TESTDATA}/cases/${name.replace(/\.envoy$/, "")}`;
      const meshConfig = existsSync(`${input}.mesh.yaml`) ? readFileSync(`${input}.mesh.yaml`, "utf8") : undefined;
      const lines = existsSync(`${input}.features`) ? readFileSync(`${input}.features`, "utf8").split("\n") : [];
      const features = Object.fromEntries(lines.filter((line) => line.includes("=")).map((line) => line.split("=", 2)));
      const snapshot = Snapshot.fromYaml(readFileSync(`${input}.yaml`, "utf8"));
      const made = JSON.parse(translate(snapshot, { release, meshConfig, features, dialect }).toJson()) as Golden;
      assert.deepEqual(made, golden(folder, name, Object.keys(made)), name);
    }
  });
}
