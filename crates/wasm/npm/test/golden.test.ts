import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { type Release, Snapshot, translate } from "waypoint-xds";

import { TESTDATA } from "./snapshots.js";

/** Of the other releases there is only what differs from the next. */
const IN_FULL: readonly Release[] = ["1.18", "1.31"];

// Every golden file, byte for byte: WebAssembly says what the other doors say.
for (const release of IN_FULL) {
  test(`golden files of ${release}`, () => {
    const golden = `${TESTDATA}/golden/${release}`;
    const files = readdirSync(golden).filter((file) => /^[^.]+(\.envoy)?\.json$/.test(file));
    assert.ok(files.length > 100);
    for (const file of files) {
      const [name, dialect] = file.endsWith(".envoy.json") ? [file.slice(0, -11), "envoy" as const] : [file.slice(0, -5)];
      const input = `${TESTDATA}/cases/${name}`;
      const meshConfig = existsSync(`${input}.mesh.yaml`) ? readFileSync(`${input}.mesh.yaml`, "utf8") : undefined;
      const lines = existsSync(`${input}.features`) ? readFileSync(`${input}.features`, "utf8").split("\n") : [];
      const features = Object.fromEntries(lines.filter((line) => line.includes("=")).map((line) => line.split("=", 2)));
      const snapshot = Snapshot.fromYaml(readFileSync(`${input}.yaml`, "utf8"));
      const translation = translate(snapshot, { release, meshConfig, features, dialect });
      assert.equal(translation.toJson(), readFileSync(`${golden}/${file}`, "utf8"), file);
    }
  });
}
