// Reports how large the WebAssembly is, and fails above the limit.
import { readFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";

const LIMIT = 3_000_000; // bytes of gzip
const wasm = readFileSync(new URL("../../pkg/dist/waypoint_xds.wasm", import.meta.url));
const gzip = gzipSync(wasm, { level: 9 }).length;
const sizes = { raw: wasm.length, gzip, brotli: brotliCompressSync(wasm).length };
const line = Object.entries(sizes).map(([name, bytes]) => `${name} ${bytes.toLocaleString("en")}`);
console.log(`waypoint_xds.wasm, bytes: ${line.join(", ")}`);
if (gzip > LIMIT) {
  console.error(`more than ${LIMIT.toLocaleString("en")} bytes of gzip`);
  process.exit(1);
}
