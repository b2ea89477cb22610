// For those who decide themselves when WebAssembly is loaded, and from where.
import load, { initSync as loadSync } from "./generated/waypoint_xds.js";

/** Where WebAssembly is: the file `waypoint_xds.wasm`, fetched, read or compiled. */
export type InitInput = string | URL | Request | Response | BufferSource | WebAssembly.Module;

/** Loads WebAssembly, by default from beside this module. Everything else can be called once this has resolved. */
export async function init(input?: InitInput | Promise<InitInput>): Promise<void> {
  await load({ module_or_path: input ?? new URL("./waypoint_xds.wasm", import.meta.url) });
}

/** The same for bytes or a compiled module that are there already. */
export function initSync(module: BufferSource | WebAssembly.Module): void {
  loadSync({ module });
}

export * from "./index.js";
