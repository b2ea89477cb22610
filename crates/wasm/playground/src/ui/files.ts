// The files of the snapshot as tabs above the editor.
import { h } from "./dom.ts";
import { icon } from "./icons.ts";

/** What happens to files. */
export interface FileEvents {
  chosen(name: string): void;
  removed(name: string): void;
}

/** The bar of files. */
export class FileBar {
  readonly element = h("div", { class: "files", role: "group", "aria-label": "Files" });
  readonly #events: FileEvents;

  constructor(events: FileEvents) {
    this.#events = events;
  }

  /** Shows these files. */
  show(names: readonly string[], current: string): void {
    this.element.replaceChildren(
      ...names.map((name) => {
        const isCurrent = name === current;
        const open = h("button", { type: "button", class: "file-name", "aria-pressed": String(isCurrent), title: name, onclick: () => this.#events.chosen(name) }, name);
        const remove =
          names.length > 1 && h("button", { type: "button", class: "file-close", "aria-label": `Remove ${name}`, title: `Remove ${name}`, onclick: () => this.#events.removed(name) }, icon("close"));
        return h("div", { class: isCurrent ? "file current" : "file" }, open, remove);
      }),
    );
  }
}
