// The JSON of what was chosen, and the objects that made it.
import { JsonView } from "../editor/json.ts";
import type { Shown } from "../engine/protocol.ts";
import { chip, type ChipEvents } from "../ui/chip.ts";
import { download, fileName } from "../ui/download.ts";
import { h } from "../ui/dom.ts";
import { icon } from "../ui/icons.ts";

/** What happens in it. */
export interface DetailsEvents extends ChipEvents {
  closed(): void;
  announced(message: string): void;
}

/** The drawer below a table or picture. */
export class Details {
  readonly element: HTMLElement;
  readonly #events: DetailsEvents;
  readonly #title = h("h2", { class: "details-title" });
  readonly #origins = h("ul", { class: "origins", "aria-label": "Made by" });
  readonly #json: JsonView;
  #shown: Shown | undefined;

  constructor(events: DetailsEvents) {
    this.#events = events;
    const code = h("div", { class: "code" });
    const header = h(
      "header",
      { class: "details-header" },
      this.#title,
      h("button", { type: "button", class: "ghost", onclick: () => void this.#copy() }, icon("copy"), "Copy"),
      h("button", { type: "button", class: "ghost", onclick: () => this.#download() }, icon("download"), "Download"),
      h("button", { type: "button", class: "ghost icon-button", "aria-label": "Close the JSON", title: "Close (Escape)", onclick: () => events.closed() }, icon("close")),
    );
    this.element = h("section", { class: "details", "aria-label": "Resource", hidden: true }, header, this.#origins, code);
    this.#json = new JsonView(code, events);
  }

  /** Shows a resource; nothing for `undefined`. */
  show(shown: Shown | undefined): void {
    this.#shown = shown;
    this.element.hidden = shown === undefined;
    if (shown === undefined) return;
    const { location, origins } = shown;
    this.#title.replaceChildren(h("span", { class: "details-kind" }, location.kind), h("span", { class: "details-name", title: location.name }, location.name));
    this.#origins.replaceChildren(...(origins.length === 0 ? [h("li", { class: "hint" }, "Every waypoint gets this.")] : origins.map((maker) => h("li", {}, chip(maker, this.#events)))));
    this.#json.show(shown);
  }

  async #copy(): Promise<void> {
    if (this.#shown === undefined) return;
    await navigator.clipboard.writeText(this.#shown.text);
    this.#events.announced("Copied the JSON");
  }

  #download(): void {
    if (this.#shown === undefined) return;
    const { text, location } = this.#shown;
    download(fileName(`${location.name}.json`), `${text}\n`, "application/json");
  }
}
