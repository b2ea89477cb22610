// The page stays small: what a visitor loads before anything is shown.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const ASSETS = fileURLToPath(new URL("../site/assets/", import.meta.url));

/** Bytes of gzip; most of it is CodeMirror. */
const LIMIT = 160_000;

test("script and style are small", () => {
  const files = readdirSync(ASSETS).filter((name) => /^index-.*\.(js|css)$/.test(name));
  const sizes = files.map((name) => gzipSync(readFileSync(`${ASSETS}${name}`)).length);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  console.log(`the page without WebAssembly, bytes of gzip: ${total.toLocaleString("en")}`);
  assert.equal(files.length, 2);
  assert.ok(total < LIMIT, `${total} bytes`);
});
