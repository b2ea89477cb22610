// The releases, as radio buttons that look like one switch.
import type { Release } from "waypoint-xds";

import { LATEST, RELEASES, releaseOf } from "../model/releases.ts";
import { h } from "./dom.ts";

/** The switch of releases. */
export class ReleaseSwitch {
  readonly element: HTMLElement;
  readonly #inputs: readonly HTMLInputElement[];

  constructor(changed: () => void) {
    this.#inputs = RELEASES.map((value) => h("input", { type: "radio", name: "release", value, onchange: changed }));
    const labels = this.#inputs.map((input, index) => h("label", {}, input, h("span", {}, RELEASES[index])));
    this.element = h("fieldset", { class: "switch" }, h("legend", {}, "Istio"), h("div", { class: "switch-track" }, ...labels));
    this.value = LATEST;
  }

  get value(): Release {
    return releaseOf(this.#inputs.find((input) => input.checked)?.value) ?? LATEST;
  }

  set value(release: Release) {
    for (const input of this.#inputs) input.checked = input.value === release;
  }
}
