// Writes what the package returns as TypeScript that says which type it should be: `tsc` then finds every key and value
// that the declared types do not have.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";

import { cost, Snapshot, translate } from "waypoint-xds";

const testdata = process.env["TESTDATA"];
const TYPES = {
  problem: "Problem",
  summary: "Summary",
  cost: "Cost",
  listeners: "Listener",
  clusters: "Cluster",
  routes: "RouteConfiguration",
  endpoints: "ClusterLoadAssignment",
  extensions: "TypedExtensionConfig",
  origins: "Origin[]",
  tables: "Table",
  graph: "Graph",
};
const lines = ['import type * as api from "waypoint-xds";'];
// The same value need not be checked twice.
const seen = new Set();
const add = (key, value) => {
  const line = `api.${TYPES[key]} = ${JSON.stringify(value)};`;
  if (!seen.has(line)) lines.push(`export const ${key}${seen.size}: ${line}`);
  seen.add(line);
};
const lists = ["listeners", "clusters", "routes", "endpoints", "extensions"];

for (const folder of ["cases", "broken"]) {
  const files = readdirSync(`${testdata}/${folder}`).filter((file) => /(?<!\.mesh)\.(yaml|json)$/.test(file));
  for (const [position, name] of files.entries()) {
    const path = `${testdata}/${folder}/${name}`;
    const mesh = path.replace(/\.[a-z]+$/, ".mesh.yaml");
    const meshConfig = existsSync(mesh) ? readFileSync(mesh, "utf8") : undefined;
    const snapshot = Snapshot.fromYaml(readFileSync(path, "utf8"));
    // The releases in turn: each has its own messages.
    const translation = translate(snapshot, { meshConfig, release: position % 2 === 0 ? "1.31" : "1.18" });
    for (const problem of translation.problems) add("problem", problem);
    add("summary", translation.summary);
    add("cost", cost(snapshot));
    for (const waypoint of translation.waypoints.map((name) => translation.waypoint(name))) {
      for (const list of lists) {
        for (const resource of waypoint[list]) {
          add(list, resource.toObject());
          add("origins", resource.origins);
        }
        if (list !== "extensions") add("tables", waypoint.table(list, { wide: true }));
      }
      add("graph", waypoint.graph());
    }
  }
}
writeFileSync(process.argv[2], `${lines.join("\n")}\n`);
