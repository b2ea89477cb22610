import { defineConfig } from "vite";

// Relative addresses: the page works in any folder of any web server.
export default defineConfig({
  base: "./",
  build: { outDir: "build/site", emptyOutDir: true, target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  worker: { format: "es" },
  // The examples are the test cases of the core, and the package lies beside this folder.
  server: { fs: { allow: ["../../.."] } },
});
