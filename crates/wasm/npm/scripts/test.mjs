// Tests the package as its users get it: packed, installed into a project of its own, used by strict TypeScript.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const npm = dirname(dirname(fileURLToPath(import.meta.url)));
const workspace = join(npm, "../../..");
const project = join(workspace, "target/wasm/project");
const run = (program, ...args) => execFileSync(program, args, { cwd: project, stdio: "inherit" });
const node = (...args) => run(process.execPath, ...args);

rmSync(project, { recursive: true, force: true });
mkdirSync(project, { recursive: true });
write("package.json", { private: true, type: "module" });

const packed = execFileSync("npm", ["pack", "--silent", join(npm, "../pkg")], { cwd: project, encoding: "utf8" });
run("npm", "install", "--silent", "--no-audit", "--no-fund", `./${packed.trim()}`);

cpSync(join(npm, "test"), join(project, "test"), { recursive: true });
// The examples of the package's README, of the workspace's and of the page about JavaScript run as they stand there.
const pages = [join(npm, "README.md"), join(workspace, "README.md"), join(workspace, "docs/javascript.md")];
pages.map((page) => readFileSync(page, "utf8")).flatMap(examples).forEach(([language, code], index) => {
  writeFileSync(join(project, `test/readme-${index + 1}.${language === "ts" ? "ts" : "mjs"}`), code);
});
cpSync(join(workspace, "testdata/cases/bookinfo-reviews-sa.yaml"), join(project, "mesh.yaml"));
for (const scope of ["@types", "@kubernetes"]) symlinkSync(join(npm, "node_modules", scope), join(project, "node_modules", scope));

process.env["TESTDATA"] = join(workspace, "testdata");
node("test/literals.mjs", "test/literals.ts");
const strict = {
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noPropertyAccessFromIndexSignature: true,
  noUnusedLocals: true,
  skipLibCheck: false,
};
const compilerOptions = { ...strict, target: "ES2022", module: "NodeNext", rootDir: "test", outDir: "build", types: ["node"] };
write("tsconfig.json", { compilerOptions, include: ["test/**/*.ts"] });
tsc("tsconfig.json");
// And by a project of a browser's, without Node's types, with a bundler's way to find modules.
const bundled = { ...strict, target: "ES2022", module: "ESNext", moduleResolution: "Bundler", noEmit: true, types: [] };
writeFileSync(join(project, "page.ts"), 'import { Snapshot } from "waypoint-xds";\nexport const s = Snapshot.fromYaml("");\n');
write("tsconfig.page.json", { compilerOptions: { ...bundled, lib: ["ES2022", "DOM"] }, include: ["page.ts"] });
tsc("tsconfig.page.json");

for (const file of [...files("test", /^readme-\d+\.mjs$/), ...files("build", /^readme-\d+\.js$/)]) {
  execFileSync(process.execPath, [file], { cwd: project, stdio: ["ignore", "ignore", "inherit"] });
}
node("--test", "--expose-gc", ...files("build", /\.test\.js$/));

function files(folder, name) {
  return readdirSync(join(project, folder)).filter((file) => name.test(file)).map((file) => join(folder, file));
}

function tsc(config) {
  node(join(npm, "node_modules/typescript/bin/tsc"), "--project", config);
}

function write(file, json) {
  writeFileSync(join(project, file), JSON.stringify(json, null, 2));
}

/** The code blocks of a Markdown file that are JavaScript or TypeScript. */
function examples(markdown) {
  return [...markdown.matchAll(/^```(js|ts)\n([^]*?)^```$/gm)].map(([, language, code]) => [language, code]);
}
