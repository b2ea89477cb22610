// Writes docs/reference/javascript.md from the package's declarations, which `cargo xtask wasm` makes; `--check` only compares.
// `cargo xtask bindings` runs it.
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";

const PAGE = new URL("../../../../docs/reference/javascript.md", import.meta.url);
const HEAD = `<!-- Made by \`cargo xtask bindings\` from the package's declarations: do not edit. -->

# JavaScript and TypeScript

Everything that \`waypoint-xds\` exports, but for the types of Envoy's messages; [From JavaScript and TypeScript](../javascript.md) is the guide.
\`init\` and \`initSync\` are those of \`waypoint-xds/init\`, which exports all the rest, too.
`;

/** The files, in the order in which somebody meets what is in them. */
const FILES = ["translate", "problem", "init", "snapshot", "translation", "waypoint", "resource", "error", "types", "trace", "access", "diff", "explain", "tests", "json"];
const SECTIONS = [["Functions", /^function /], ["Classes", /^class /], ["Types", /^(interface|type) /]];

const items = FILES.flatMap((file) => declarations(readFileSync(new URL(`../dist/${file}.d.ts`, import.meta.url), "utf8")));
const sections = SECTIONS.map(([title, kind]) => [`## ${title}`, ...items.filter(({ code }) => kind.test(code)).map(markdown)].join("\n\n"));
const made = `${[HEAD.trimEnd(), ...sections].join("\n\n")}\n`;

if (!process.argv.includes("--check")) {
  writeFileSync(PAGE, made);
} else if (read(PAGE) !== made) {
  console.error("docs/reference/javascript.md is stale: cargo xtask bindings");
  process.exit(1);
}

/** What a file exports: each declaration, and the comment before it. */
function declarations(text) {
  const found = [];
  let comment = "";
  const lines = text.split("\n");
  while (lines.length > 0) {
    const line = lines.shift();
    if (line.startsWith("/**")) {
      comment = [line, ...(line.endsWith("*/") ? [] : until(lines, (next) => next.endsWith("*/")))].join("\n");
    } else if (/^export (declare (class|function|const)|interface|type) /.test(line) && !/^export (type \*|type \{)/.test(line)) {
      const body = /[;}]$/.test(line) ? [] : until(lines, (next) => next === "}" || /^\S.*;$/.test(next));
      const code = [line, ...body].join("\n").replace(/^export (declare )?/, "");
      found.push({ code: shown(code), doc: prose(comment) });
      comment = "";
    } else {
      comment = "";
    }
  }
  return found;
}

/** The lines up to one, which are taken. */
function until(lines, isLast) {
  const taken = [];
  for (let last = false; !last && lines.length > 0; ) {
    const line = lines.shift();
    taken.push(line);
    last = isLast(line);
  }
  return taken;
}

/** A declaration without what nobody can use, indented by two. */
function shown(code) {
  const lines = code.split("\n").filter((line) => !/^\s+(#private|private constructor\(\));$/.test(line));
  return lines.map((line) => line.replace(/^( {4})+/, (indent) => " ".repeat(indent.length / 2))).join("\n");
}

/** A comment as Markdown. */
function prose(comment) {
  const lines = comment.replace(/^\/\*\*|\*\/$/g, "").split("\n").map((line) => line.replace(/^\s*\* ?/, "").trimEnd());
  const text = lines.join("\n").trim().replace(/^@throws /gm, "Throws ");
  return text.split(/\n\s*\n/).map((paragraph) => paragraph.split("\n").map((line) => line.trim()).join(" ")).join("\n\n").replace(/\{@link ([\w.]+)\}/g, "`$1`");
}

function markdown({ code, doc }) {
  const [, name] = /^\w+ (\w+)/.exec(code);
  return [`### ${name}`, doc, `\`\`\`typescript\n${code}\n\`\`\``].filter((part) => part !== "").join("\n\n");
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
