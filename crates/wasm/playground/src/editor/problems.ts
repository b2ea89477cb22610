// Problems as the editor underlines them.
import type { Action, Diagnostic } from "@codemirror/lint";
import type { Text } from "@codemirror/state";
import type { Fix, Place, Problem, Replacement } from "waypoint-xds";

import { h } from "../ui/dom.ts";
import { marked } from "../ui/marked.ts";

const SEVERITIES = { error: "error", warning: "warning", note: "info" } as const;

/** The problems of one file. */
export function diagnostics(problems: readonly Problem[], doc: Text): Diagnostic[] {
  return problems.flatMap((problem) => {
    if (problem.place === null) return [];
    const { from, to } = stretch(problem.place, doc);
    const { code, message, help, fix } = problem;
    const severity = SEVERITIES[problem.severity];
    const shown = (): Node => h("div", {}, ...marked(message), help !== null && h("p", { class: "help" }, ...marked(help)), h("code", { class: "problem-code" }, code));
    const actions = fix === null ? [] : quickFix(fix, problem.place.file, doc);
    return [{ from, to, severity, message: `${message} (${code})`, renderMessage: shown, actions }];
  });
}

/** What mends a problem with a click, where all of it is in the problem's own file. Nothing happens once the text is another. */
function quickFix({ message, replacements }: Fix, file: string, doc: Text): Action[] {
  if (replacements.length === 0 || replacements.some(({ place }) => place.file !== file)) return [];
  const changes = changesOf(replacements, doc);
  return [
    {
      name: message.replaceAll("`", ""),
      apply: (view) => {
        if (view.state.doc.eq(doc)) view.dispatch({ changes, userEvent: "input.fix" });
      },
    },
  ];
}

/** Replacements of a file's text as the editor makes them. */
export function changesOf(replacements: readonly Replacement[], doc: Text): { from: number; to: number; insert: string }[] {
  return replacements.map(({ place, text }) => ({ ...stretch(place, doc), insert: text }));
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
