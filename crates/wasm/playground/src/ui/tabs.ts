// Tabs as WAI-ARIA describes them: one stop for the tab key, arrows move between them.
import { h } from "./dom.ts";

/** A tab. */
export interface Tab<Id extends string> {
  readonly id: Id;
  readonly title: string;
}

/** A list of tabs that share one panel. */
export class Tabs<Id extends string> {
  readonly element: HTMLElement;
  readonly #buttons = new Map<Id, HTMLButtonElement>();
  readonly #counts = new Map<Id, HTMLElement>();
  readonly #panel: HTMLElement;
  readonly #chosen: (id: Id) => void;
  #current: Id;

  constructor(label: string, tabs: readonly Tab<Id>[], current: Id, panel: HTMLElement, chosen: (id: Id) => void) {
    this.#panel = panel;
    this.#chosen = chosen;
    this.#current = current;
    for (const { id, title } of tabs) {
      const count = h("span", { class: "count", hidden: true });
      this.#counts.set(id, count);
      this.#buttons.set(
        id,
        h("button", { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": panel.id, class: "tab", onclick: () => this.choose(id) }, title, count),
      );
    }
    this.element = h("div", { role: "tablist", "aria-label": label, class: "tabs", onkeydown: (event) => this.#move(event) }, ...this.#buttons.values());
    panel.setAttribute("role", "tabpanel");
    this.#show();
  }

  get current(): Id {
    return this.#current;
  }

  /** Goes to a tab, and says so. */
  choose(id: Id): void {
    this.#current = id;
    this.#show();
    this.#chosen(id);
  }

  /** Shows a number beside a tab's title; none for `undefined`. */
  count(id: Id, number: number | undefined, tone = ""): void {
    const element = this.#counts.get(id);
    if (element === undefined) return;
    element.hidden = number === undefined;
    element.textContent = number === undefined ? "" : number.toLocaleString("en");
    element.dataset["tone"] = tone;
  }

  #show(): void {
    for (const [id, button] of this.#buttons) {
      const isCurrent = id === this.#current;
      button.setAttribute("aria-selected", String(isCurrent));
      button.tabIndex = isCurrent ? 0 : -1;
      if (isCurrent) this.#reveal(button);
    }
    this.#panel.setAttribute("aria-labelledby", `tab-${this.#current}`);
  }

  /** Scrolls to a tab: on a phone there are more than fit. The page stays where it is. */
  #reveal({ offsetLeft, offsetWidth }: HTMLElement): void {
    const { scrollLeft, clientWidth } = this.element;
    if (offsetLeft < scrollLeft) this.element.scrollLeft = offsetLeft;
    else if (offsetLeft + offsetWidth > scrollLeft + clientWidth) this.element.scrollLeft = offsetLeft + offsetWidth - clientWidth;
  }

  #move(event: KeyboardEvent): void {
    const ids = [...this.#buttons.keys()];
    const at = ids.indexOf(this.#current);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: ids.length - 1 }[event.key];
    const id = to === undefined ? undefined : ids.at(to % ids.length);
    if (id === undefined) return;
    event.preventDefault();
    this.choose(id);
    this.#buttons.get(id)?.focus();
  }
}
