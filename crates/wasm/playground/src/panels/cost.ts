// What distributing configuration costs: sidecars against waypoints.
import type { Cost, CostRule, Distribution } from "waypoint-xds";

import type { Engine } from "../engine/engine.ts";
import type { CostWithPicture } from "../engine/protocol.ts";
import { h } from "../ui/dom.ts";
import type { Context, Panel } from "./panel.ts";

const HEADER = ["Namespace", "Services", "Sidecars", "Waypoints", "Sidecar config", "Waypoint config", "Waypoints/sidecars", "Pushes per change"];

/** The cost table of the article, for this snapshot. */
export class CostPanel implements Panel {
  readonly element: HTMLElement;
  readonly #engine: Engine;
  readonly #summary = h("p", { class: "cost-summary", "aria-live": "polite" });
  readonly #body = h("tbody");
  readonly #foot = h("tfoot");
  readonly #picture = h("div", { class: "cost-drawn" });
  #rule: CostRule = "namespace";
  #replicas: number | undefined;
  #context: Context | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
    const rule = (value: CostRule, label: string): HTMLElement =>
      h("label", { class: "choice" }, h("input", { type: "radio", name: "rule", value, checked: value === this.#rule, onchange: () => this.#choose(value) }), label);
    const replicas = h("input", { type: "number", min: 1, max: 1000, placeholder: "auto", onchange: () => this.#count(replicas.valueAsNumber) });
    this.element = h(
      "div",
      { class: "panel cost-panel" },
      h(
        "div",
        { class: "cost-options" },
        h("fieldset", {}, h("legend", {}, "A sidecar holds the Services of"), rule("namespace", "its namespace"), rule("mesh", "the mesh")),
        h("label", { class: "select" }, h("span", {}, "Replicas of a waypoint"), replicas),
      ),
      this.#summary,
      h("div", { class: "cost-scroll" }, h("table", { class: "cost" }, h("thead", {}, h("tr", {}, ...HEADER.map((title) => h("th", { scope: "col" }, title)))), this.#body, this.#foot)),
      this.#picture,
      h("p", { class: "hint" }, "A configuration is what a proxy has to know of one Service. What is counted is configurations times the proxies that hold them."),
    );
  }

  async refresh(context: Context): Promise<void> {
    this.#context = context;
    const cost = await this.#engine.ask("cost", { rule: this.#rule, replicas: this.#replicas });
    if (!context.isStale()) this.#show(cost);
  }

  #show({ namespaces, total, picture }: CostWithPicture): void {
    const drawn = new DOMParser().parseFromString(picture, "image/svg+xml").documentElement;
    this.#picture.replaceChildren(document.importNode(drawn, true));
    this.#body.replaceChildren(
      ...namespaces.map(({ namespace, services, sidecars, waypoints, distribution, change }) =>
        row(namespace, [services, sidecars, waypoints].map(grouped), distribution, pushes(change)),
      ),
    );
    const sum = (count: (namespace: Cost["namespaces"][number]) => number): string => grouped(namespaces.reduce((all, one) => all + count(one), 0));
    this.#foot.replaceChildren(row("Total", [sum((n) => n.services), sum((n) => n.sidecars), sum((n) => n.waypoints)], total, ""));
    this.#summary.textContent = `Waypoints hold ${grouped(total.waypoints)} configurations where sidecars would hold ${grouped(total.sidecars)}: ${percent(total)}.`;
  }

  #choose(rule: CostRule): void {
    this.#rule = rule;
    this.#again();
  }

  #count(replicas: number): void {
    this.#replicas = Number.isInteger(replicas) && replicas > 0 ? replicas : undefined;
    this.#again();
  }

  #again(): void {
    if (this.#context !== undefined) void this.refresh(this.#context);
  }
}

function row(name: string, counts: readonly string[], both: Distribution, change: string): HTMLTableRowElement {
  const numbers = [...counts, grouped(both.sidecars), grouped(both.waypoints), percent(both)].map((text) => h("td", { class: "number" }, text));
  return h("tr", {}, h("th", { scope: "row" }, name), ...numbers, h("td", {}, change));
}

function pushes({ sidecars, waypoints }: Distribution): string {
  return `${counted(sidecars, "sidecar")} or ${counted(waypoints, "waypoint")}`;
}

function counted(number: number, noun: string): string {
  return `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;
}

function grouped(number: number): string {
  return number.toLocaleString("en");
}

function percent({ sidecars, waypoints }: Distribution): string {
  if (sidecars === 0) return "-";
  const share = (waypoints * 100) / sidecars;
  return `${Number(share.toFixed(share < 0.1 ? 3 : 1))} %`;
}
