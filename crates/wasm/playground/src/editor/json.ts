// The view of a resource's JSON, which knows what made each part.
import { defaultKeymap } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { foldGutter, foldKeymap } from "@codemirror/language";
import { searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, keymap, lineNumbers } from "@codemirror/view";
import type { Maker } from "waypoint-xds";

import type { Part, Shown } from "../engine/protocol.ts";
import { highlight } from "./highlight.ts";
import { theme } from "./theme.ts";

/** What happens in it. */
export interface JsonEvents {
  /** The pointer is on a part that these objects made. */
  hovered(origins: readonly Maker[]): void;
  /** A part that these objects made was clicked. */
  chosen(origins: readonly Maker[]): void;
}

/** Shows JSON. */
export class JsonView {
  readonly #view: EditorView;
  readonly #focus = highlight("cm-focus");
  #parts: readonly Part[] = [];
  #hovered: Part | undefined;

  constructor(parent: HTMLElement, events: JsonEvents) {
    this.#view = new EditorView({
      parent,
      extensions: [
        lineNumbers(),
        foldGutter(),
        drawSelection(),
        json(),
        theme,
        this.#focus.extension,
        EditorState.readOnly.of(true),
        EditorView.contentAttributes.of({ "aria-label": "JSON of the resource", "aria-readonly": "true" }),
        keymap.of([...defaultKeymap, ...searchKeymap, ...foldKeymap]),
        EditorView.domEventHandlers({
          mousemove: (event) => this.#hover(this.#partAt(event), events),
          mouseleave: () => this.#hover(undefined, events),
          click: (event) => {
            const part = this.#partAt(event);
            if (part !== undefined) events.chosen(part.origins);
          },
        }),
      ],
    });
  }

  /** Shows a resource, and scrolls to the part that was asked for. */
  show({ text, focus, parts }: Shown): void {
    // The innermost part comes first.
    this.#parts = [...parts].sort((a, b) => a.to - a.from - (b.to - b.from));
    this.#hovered = undefined;
    const { state } = this.#view;
    const isNew = state.doc.toString() !== text;
    if (isNew) this.#view.dispatch({ changes: { from: 0, to: state.doc.length, insert: text } });
    const { doc } = this.#view.state;
    const isWhole = focus.from === 0;
    const lines = { line: doc.lineAt(focus.from).number, endLine: doc.lineAt(focus.to).number };
    this.#focus.show(this.#view, isWhole ? [] : [lines]);
    this.#view.dispatch({ effects: EditorView.scrollIntoView(focus.from, { y: "start", yMargin: isWhole ? 0 : 40 }) });
  }

  #partAt(event: MouseEvent): Part | undefined {
    const at = this.#view.posAtCoords({ x: event.clientX, y: event.clientY });
    return at === null ? undefined : this.#parts.find((part) => part.from <= at && at <= part.to);
  }

  #hover(part: Part | undefined, events: JsonEvents): void {
    if (part === this.#hovered) return;
    this.#hovered = part;
    events.hovered(part?.origins ?? []);
  }
}
