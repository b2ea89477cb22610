// Radio buttons that look like one switch.
import { h, uniqueId } from "./dom.ts";

/** A choice of few. */
export class Switch<Value extends string> {
  readonly element: HTMLElement;
  readonly #inputs: ReadonlyMap<Value, HTMLInputElement>;
  readonly #first: Value;

  /** With a title for each value, the first of which is chosen. */
  constructor(legend: string, choices: readonly (readonly [value: Value, title: string])[], first: Value, changed: (value: Value) => void) {
    const name = uniqueId("switch");
    this.#first = first;
    this.#inputs = new Map(choices.map(([value]) => [value, h("input", { type: "radio", name, value, onchange: () => changed(value) })]));
    const labels = choices.map(([value, title]) => h("label", {}, this.#inputs.get(value), h("span", {}, title)));
    this.element = h("fieldset", { class: "switch" }, h("legend", {}, legend), h("div", { class: "switch-track" }, ...labels));
    this.value = first;
  }

  get value(): Value {
    const found = [...this.#inputs].find(([, input]) => input.checked);
    return found?.[0] ?? this.#first;
  }

  set value(value: Value) {
    for (const [known, input] of this.#inputs) input.checked = known === value;
  }
}
