// The editor of the snapshot's files, one at a time.
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, foldGutter, foldKeymap, indentOnInput } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension, type Transaction } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import type { Maker, Place, Problem, Replacement, SourceFile } from "waypoint-xds";

import { highlight, type Lines } from "./highlight.ts";
import { changesOf, diagnostics, stretch } from "./problems.ts";
import { theme } from "./theme.ts";

/** What happens in it. */
export interface YamlEvents {
  /** A file was edited. */
  changed(name: string, text: string): void;
  /** A file's whole text was pasted over: it is something else now. */
  pasted(name: string, text: string): void;
}

/** Edits files. */
export class YamlEditor {
  readonly #view: EditorView;
  readonly #chosen = highlight("cm-origin");
  readonly #hovered = highlight("cm-hovered");
  readonly #extensions: Extension;
  /** Files that were edited and are not shown, with their histories. */
  readonly #states = new Map<string, EditorState>();
  #name = "";
  #problems: readonly Problem[] = [];
  #origins: readonly Maker[] = [];

  constructor(parent: HTMLElement, { changed, pasted }: YamlEvents) {
    this.#extensions = [
      lineNumbers(),
      foldGutter(),
      lintGutter(),
      highlightActiveLineGutter(),
      highlightActiveLine(),
      history(),
      drawSelection(),
      indentOnInput(),
      bracketMatching(),
      highlightSelectionMatches(),
      yaml(),
      theme,
      this.#chosen.extension,
      this.#hovered.extension,
      EditorView.contentAttributes.of({ "aria-label": "YAML of the snapshot" }),
      // Tab indents; Escape and then Tab leaves the editor, as CodeMirror documents it.
      keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap, ...foldKeymap, ...lintKeymap, indentWithTab]),
      EditorView.updateListener.of((update) => {
        if (!update.docChanged) return;
        const text = update.state.doc.toString();
        const isOther = update.transactions.some((transaction) => transaction.isUserEvent("input.paste") && replacesAll(transaction));
        if (isOther) pasted(this.#name, text);
        else changed(this.#name, text);
      }),
    ];
    this.#view = new EditorView({ parent, state: this.#state("") });
  }

  /** The name of the file that is shown. */
  get name(): string {
    return this.#name;
  }

  /** Shows a file. */
  open(file: SourceFile): void {
    if (this.#name !== "") this.#states.set(this.#name, this.#view.state);
    this.#name = file.name;
    const known = this.#states.get(file.name);
    const state = known?.doc.toString() === file.text ? known : this.#state(file.text);
    this.#view.setState(state);
    // Not for a new file: it would also scroll the page of a phone, away from the answer.
    if (state === known) this.#view.dispatch({ effects: EditorView.scrollIntoView(state.selection.main.head, { y: "center" }) });
    this.showProblems(this.#problems);
    this.showOrigins(this.#origins);
  }

  /** The file that is shown is called something else now. */
  rename(name: string): void {
    this.#states.delete(name);
    this.#name = name;
  }

  /** Forgets all files' histories: others take their place. */
  reset(): void {
    this.#states.clear();
    this.#name = "";
    this.#problems = [];
    this.#origins = [];
  }

  /** Underlines problems. */
  showProblems(problems: readonly Problem[]): void {
    this.#problems = problems;
    const own = problems.filter((problem) => problem.place?.file === this.#name);
    this.#view.dispatch(setDiagnostics(this.#view.state, diagnostics(own, this.#view.state.doc)));
  }

  /** Highlights the objects that made what was chosen. */
  showOrigins(origins: readonly Maker[]): void {
    this.#origins = origins;
    this.#chosen.show(this.#view, this.#lines(origins));
  }

  /** Highlights the objects that made what the pointer is on. */
  hover(origins: readonly Maker[]): void {
    this.#hovered.show(this.#view, this.#lines(origins));
  }

  /** Scrolls to a line of the file that is shown. */
  reveal(line: number): void {
    const { doc } = this.#view.state;
    const at = doc.line(Math.min(Math.max(line, 1), doc.lines)).from;
    this.#view.dispatch({ effects: EditorView.scrollIntoView(at, { y: "start", yMargin: 60 }) });
  }

  /** Selects a place of the file that is shown, and takes the keyboard there. */
  select(place: Place): void {
    const { from, to } = stretch(place, this.#view.state.doc);
    this.#view.dispatch({ selection: { anchor: from, head: to }, effects: EditorView.scrollIntoView(from, { y: "center" }) });
    this.#view.focus();
  }

  /** Makes replacements in the file that is shown. They can be undone. */
  mend(replacements: readonly Replacement[]): void {
    this.#view.dispatch({ changes: changesOf(replacements, this.#view.state.doc), userEvent: "input.fix" });
  }

  focus(): void {
    this.#view.focus();
  }

  #lines(origins: readonly Maker[]): Lines[] {
    return origins.flatMap(({ file, line, endLine }) => (file === this.#name && line !== undefined ? [{ line, endLine: endLine ?? line }] : []));
  }

  #state(text: string): EditorState {
    return EditorState.create({ doc: text, extensions: this.#extensions });
  }
}

/** Whether nothing is left of the text that was there. */
function replacesAll({ changes, startState }: Transaction): boolean {
  let kept = startState.doc.length;
  changes.iterChangedRanges((from, to) => (kept -= to - from));
  return kept === 0;
}
