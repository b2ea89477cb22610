// A word that opens to a list.
import { h } from "./dom.ts";

/** A button with a list above it, which Escape and whatever else is chosen close. */
export function disclosure(title: string, lines: readonly string[]): HTMLElement {
  const list = h("ul", { hidden: true, tabindex: -1 }, ...lines.map((line) => h("li", {}, line)));
  const show = (shown: boolean): void => {
    list.hidden = !shown;
    button.setAttribute("aria-expanded", String(shown));
  };
  const button = h("button", { type: "button", "aria-expanded": "false", onclick: () => show(list.hidden === true) }, title);
  const element = h("span", { class: "said-more" }, button, list);
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || list.hidden) return;
    event.preventDefault();
    show(false);
  });
  element.addEventListener("focusout", (event) => {
    if (!(event.relatedTarget instanceof Node && element.contains(event.relatedTarget))) show(false);
  });
  return element;
}
