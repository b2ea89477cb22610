// JavaScript's door for `cargo xtask doors`, which says what a door does:
//   door.mjs translate CASES OUT RELEASE…
//   door.mjs trace SNAPSHOT OUT RELEASE…
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { argv, stdin } from "node:process";
import { text } from "node:stream/consumers";

import { Snapshot, translate } from "../../pkg/dist/node.js";

const [does, from, out, ...releases] = argv.slice(2);
await { translate: translateCases, trace: traceRequests }[does](from);

async function translateCases(cases) {
  const names = (await text(stdin)).split("\n").filter((name) => name !== "");
  for (const name of names) {
    const snapshot = Snapshot.fromYaml(readFileSync(`${cases}/${name}.yaml`, "utf8"));
    const mesh = `${cases}/${name}.mesh.yaml`;
    const meshConfig = existsSync(mesh) ? readFileSync(mesh, "utf8") : undefined;
    const flags = `${cases}/${name}.features`;
    const lines = existsSync(flags) ? readFileSync(flags, "utf8").split("\n") : [];
    const features = Object.fromEntries(lines.filter((line) => line.includes("=")).map((line) => line.split("=", 2)));
    for (const release of releases) {
      mkdirSync(`${out}/${release}`, { recursive: true });
      const translation = translate(snapshot, { release, meshConfig, features });
      writeFileSync(`${out}/${release}/${name}.json`, translation.toJson());
      writeFileSync(`${out}/${release}/${name}.bin`, Buffer.concat(messages(translation)));
      translation.free();
    }
  }
}

async function traceRequests(file) {
  const requests = JSON.parse(await text(stdin));
  const snapshot = Snapshot.fromYaml(readFileSync(file, "utf8"), basename(file));
  for (const release of releases) {
    mkdirSync(`${out}/${release}`, { recursive: true });
    const translation = translate(snapshot, { release });
    for (const { name, request } of requests) {
      const { text, ...trace } = translation.trace(request);
      writeFileSync(`${out}/${release}/${name}.json`, JSON.stringify(trace));
      writeFileSync(`${out}/${release}/${name}.txt`, text);
    }
    translation.free();
  }
}

/** All resources of all waypoints, each behind its length. */
function messages(translation) {
  const waypoints = translation.waypoints.map((name) => translation.waypoint(name));
  const resources = waypoints.flatMap((w) => [w.listeners, w.clusters, w.routes, w.endpoints, w.extensions].flat());
  return resources.flatMap((resource) => {
    const bytes = resource.toBytes();
    return [varint(bytes.length), bytes];
  });
}

function varint(number) {
  const bytes = [];
  for (; number > 0x7f; number >>>= 7) bytes.push((number & 0x7f) | 0x80);
  return Buffer.from([...bytes, number]);
}
