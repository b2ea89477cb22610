// Problems as the editor underlines them.
import type { Diagnostic } from "@codemirror/lint";
import type { Text } from "@codemirror/state";
import type { Place, Problem } from "waypoint-xds";

import { h } from "../ui/dom.ts";
import { marked } from "../ui/marked.ts";

const SEVERITIES = { error: "error", warning: "warning", note: "info" } as const;

/** The problems of one file. */
export function diagnostics(problems: readonly Problem[], doc: Text): Diagnostic[] {
  return problems.flatMap((problem) => {
    if (problem.place === null) return [];
    const { from, to } = stretch(problem.place, doc);
    const { code, message, help } = problem;
    const severity = SEVERITIES[problem.severity];
    const shown = (): Node => h("div", {}, ...marked(message), help !== null && h("p", { class: "help" }, ...marked(help)), h("code", { class: "problem-code" }, code));
    return [{ from, to, severity, message: `${message} (${code})`, renderMessage: shown }];
  });
}

/** A place in an editor's text. Places count characters, the editor counts units of UTF-16. */
export function stretch(place: Place, doc: Text): { from: number; to: number } {
  const from = offset(place.line, place.column, doc);
  return { from, to: Math.max(from, offset(place.endLine, place.endColumn, doc)) };
}

function offset(lineNumber: number, column: number, doc: Text): number {
  if (lineNumber > doc.lines) return doc.length;
  const line = doc.line(Math.max(1, lineNumber));
  let units = 0;
  let characters = 1;
  for (const character of line.text) {
    if (characters++ >= column) break;
    units += character.length;
  }
  return line.from + units;
}
