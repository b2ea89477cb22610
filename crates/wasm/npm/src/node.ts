// Node reads the file at once, so that nobody has to wait.
import { readFileSync } from "node:fs";

import { initSync } from "./generated/waypoint_xds.js";

initSync({ module: readFileSync(new URL("./waypoint_xds.wasm", import.meta.url)) });

export * from "./index.js";
