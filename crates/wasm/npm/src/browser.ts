// Whoever imports this waits until WebAssembly is ready: a module may await.
import init from "./generated/waypoint_xds.js";

// Written like this, bundlers find the file and put it where it will be.
await init({ module_or_path: new URL("./waypoint_xds.wasm", import.meta.url) });

export * from "./index.js";
