import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { type Release, Snapshot, type SourceFile, translate } from "waypoint-xds";

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

/** The texts and settings of a case. One of several clusters is a folder, with a file for each: `1-east.yaml` for the first. */
function input(name: string): { files: SourceFile[]; meshConfig: string | undefined; features: Record<string, string> } {
  const several = name.startsWith("clusters-") ? `${TESTDATA}/clusters/${name.slice("clusters-".length)}/` : undefined;
  const beside = several ?? `${TESTDATA}/cases/${name}.`;
  const read = (file: string) => (existsSync(beside + file) ? readFileSync(beside + file, "utf8") : undefined);
  const ofCluster = (file: string): SourceFile[] => {
    const cluster = /^\d+-(.+)\.yaml$/.exec(file)?.[1];
    return cluster === undefined ? [] : [{ name: `${cluster}=${file}`, text: read(file) ?? "" }];
  };
  const files =
    several === undefined ? [{ name: "snapshot.yaml", text: read("yaml") ?? "" }] : readdirSync(several).sort().flatMap(ofCluster);
  const lines = read("features")?.split("\n") ?? [];
  const features = Object.fromEntries(lines.filter((line) => line.includes("=")).map((line) => line.split("=", 2)));
  return { files, meshConfig: read("mesh.yaml"), features };
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
      const { files, meshConfig, features } = input(name.replace(/\.envoy$/, ""));
      const snapshot = Snapshot.fromFiles(files);
      const made = JSON.parse(translate(snapshot, { release, meshConfig, features, dialect }).toJson()) as Golden;
      assert.deepEqual(made, golden(folder, name, Object.keys(made)), name);
    }
  });
}
