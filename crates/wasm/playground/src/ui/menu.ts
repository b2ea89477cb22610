// A button with a menu, as WAI-ARIA describes it.
import { h, uniqueId } from "./dom.ts";

/** An entry of a menu. */
export interface Entry {
  readonly title: string;
  readonly run: () => void;
}

/** Makes a button that opens a menu. The entries are asked for each time. */
export function menuButton(content: readonly (Node | string)[], label: string, entries: () => readonly Entry[]): HTMLElement {
  const id = uniqueId("menu");
  const menu = h("div", { role: "menu", id, class: "menu", "aria-label": label, hidden: true });
  const button = h("button", { type: "button", class: "ghost", "aria-label": label, "aria-haspopup": "menu", "aria-expanded": "false", "aria-controls": id, onclick: () => (menu.hidden ? open() : close()) }, ...content);
  const items = (): HTMLElement[] => [...menu.querySelectorAll<HTMLElement>("[role=menuitem]")];
  const open = (): void => {
    menu.replaceChildren(
      ...entries().map(({ title, run }) => {
        const chosen = (): void => {
          close();
          run();
        };
        return h("button", { type: "button", role: "menuitem", tabindex: -1, onclick: chosen }, title);
      }),
    );
    menu.hidden = false;
    button.setAttribute("aria-expanded", "true");
    items()[0]?.focus();
  };
  const close = (): void => {
    menu.hidden = true;
    button.setAttribute("aria-expanded", "false");
    button.focus();
  };
  const move = (event: KeyboardEvent): void => {
    const all = items();
    const at = all.findIndex((item) => item === document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Escape") close();
    else if (to !== undefined) all.at(to % all.length)?.focus();
    else return;
    event.preventDefault();
  };
  menu.addEventListener("keydown", move);
  const element = h("div", { class: "menu-anchor" }, button, menu);
  element.addEventListener("focusout", (event) => {
    if (event.relatedTarget instanceof Node && element.contains(event.relatedTarget)) return;
    menu.hidden = true;
    button.setAttribute("aria-expanded", "false");
  });
  return element;
}
