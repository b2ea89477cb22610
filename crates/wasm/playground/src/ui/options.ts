// What can be chosen about a translation, but for the release.
import type { Options } from "waypoint-xds";

import { parseFeatures, printFeatures } from "../model/features.ts";
import { h } from "./dom.ts";

/** The form of options. */
export class OptionsForm {
  readonly element: HTMLFormElement;
  readonly #mesh = h("textarea", { rows: 6, spellcheck: "false", placeholder: "accessLogFile: /dev/stdout", "aria-describedby": "mesh-hint" });
  readonly #features = h("textarea", { rows: 2, spellcheck: "false", placeholder: "PILOT_ENABLE_ALPHA_GATEWAY_API=true" });
  readonly #readiness = select("assumed", "observed");
  readonly #assume = select("all", "nothing");
  readonly #dialect = select("istio-proxy", "envoy");

  constructor(changed: () => void) {
    this.element = h(
      "form",
      { class: "options", "aria-label": "Options", hidden: true, oninput: changed, onsubmit: (event) => event.preventDefault() },
      h("label", { class: "wide" }, h("span", {}, "MeshConfig"), this.#mesh, h("span", { class: "hint", id: "mesh-hint" }, "YAML or JSON, merged over the snapshot's and the release's.")),
      h("label", { class: "wide" }, h("span", {}, "Feature flags"), this.#features, h("span", { class: "hint" }, "NAME=VALUE, one a line, by Istio's names.")),
      h("label", {}, h("span", {}, "Readiness"), this.#readiness, h("span", { class: "hint" }, "Does a waypoint without addresses in its status count as ready?")),
      h("label", {}, h("span", {}, "Assume"), this.#assume, h("span", { class: "hint" }, "What a cluster would add: addresses of Services, Pods of Deployments.")),
      h("label", {}, h("span", {}, "Envoy"), this.#dialect, h("span", { class: "hint" }, "Which build the resources are for.")),
    );
  }

  /** What is chosen. */
  get value(): Options {
    const meshConfig = this.#mesh.value;
    return {
      meshConfig: meshConfig.trim() === "" ? undefined : meshConfig,
      features: parseFeatures(this.#features.value),
      readiness: this.#readiness.value === "observed" ? "observed" : "assumed",
      assume: this.#assume.value === "nothing" ? "nothing" : "all",
      dialect: this.#dialect.value === "envoy" ? "envoy" : "istio-proxy",
    };
  }

  set value({ meshConfig, features, readiness, assume, dialect }: Options) {
    this.#mesh.value = meshConfig ?? "";
    this.#features.value = printFeatures(features);
    this.#readiness.value = readiness ?? "assumed";
    this.#assume.value = assume ?? "all";
    this.#dialect.value = dialect ?? "istio-proxy";
  }
}

function select(...values: readonly string[]): HTMLSelectElement {
  return h("select", {}, ...values.map((value) => h("option", { value }, value)));
}
