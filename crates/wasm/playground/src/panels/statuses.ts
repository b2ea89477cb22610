// Every condition that Istio would write, with what decided it, and where the snapshot says otherwise.
import type { Maker, Problem } from "waypoint-xds";

import type { Engine } from "../engine/engine.ts";
import type { LocatedCondition, ObjectStatus } from "../engine/protocol.ts";
import { chip, type ChipEvents } from "../ui/chip.ts";
import { h } from "../ui/dom.ts";
import { icon, type IconName } from "../ui/icons.ts";
import { marked } from "../ui/marked.ts";
import { Switch } from "../ui/switch.ts";
import type { Context, Panel, PanelEvents } from "./panel.ts";

/** As many objects are listed: nobody reads more, and the page stays quick. */
const LISTED = 200;

type Shown = "all" | "not-met" | "different";

const CHOICES = [["all", "All"], ["not-met", "Not met"], ["different", "Differs"]] as const;

/** Conditions that say that something is wrong: good is that they are not. */
const COMPLAINTS = new Set(["Conflicted", "OverlappingTLSConfig", "istio.io/WaypointMissing"]);

/** The list of statuses, by object. */
export class StatusesPanel implements Panel {
  readonly element: HTMLElement;
  readonly #engine: Engine;
  readonly #events: PanelEvents;
  readonly #chips: ChipEvents;
  readonly #shown: Switch<Shown>;
  readonly #wanted = h("input", { type: "search", placeholder: "Filter", "aria-label": "Filter statuses", oninput: () => this.#show() });
  readonly #list = h("ul", { class: "statuses", "aria-label": "Statuses" });
  readonly #empty = h("p", { class: "empty", hidden: true });
  #statuses: readonly ObjectStatus[] = [];

  constructor(engine: Engine, events: PanelEvents) {
    this.#engine = engine;
    this.#events = events;
    this.#chips = { hovered: events.hovered, chosen: events.traced };
    this.#shown = new Switch("Show", CHOICES, "all", () => this.#show());
    const tools = h("div", { class: "panel-tools" }, this.#shown.element, this.#wanted);
    this.element = h("div", { class: "panel" }, tools, h("div", { class: "scroll" }, this.#list, this.#empty));
  }

  async refresh({ isStale }: Context): Promise<void> {
    const statuses = await this.#engine.ask("statuses", {});
    if (isStale()) return;
    this.#statuses = statuses;
    this.#show();
  }

  #show(): void {
    const wanted = this.#wanted.value.trim().toLowerCase();
    const found = this.#statuses.map((status) => chosen(status, this.#shown.value, wanted)).filter((status) => status !== undefined);
    this.#list.replaceChildren(...found.slice(0, LISTED).map((status) => h("li", { class: "status" }, ...this.#object(status))));
    const rest = found.length - LISTED;
    this.#empty.hidden = found.length > 0 && rest <= 0;
    this.#empty.textContent = rest > 0 ? `and ${rest.toLocaleString("en")} objects more: filter them` : nothing(this.#statuses.length === 0, this.#shown.value);
  }

  #object({ object, conditions, differences }: ObjectStatus): HTMLElement[] {
    const heading = h("h3", { class: "status-object" }, chip(object, this.#chips));
    const list = h("ul", {}, ...conditions.map((condition) => this.#condition(condition, object)), ...differences.map((problem) => this.#difference(problem)));
    return [heading, list];
  }

  #condition(condition: LocatedCondition, object: Maker): HTMLElement {
    const { type, status, reason, message, causes, listener, parent, by } = condition;
    const about = [parent === undefined ? "" : `parent ${parent}`, listener === undefined ? "" : `listener ${listener}`].filter((part) => part !== "").join(" · ");
    const origins = causes.length > 0 ? causes : [object];
    const said = h(
      "button",
      { type: "button", class: "condition-said", title: by === undefined ? "" : `written by ${by}`, onclick: () => this.#events.traced(origins) },
      h("span", { class: "condition-head" }, h("strong", {}, type), h("span", { class: `truth ${truth(type, status)}` }, status), reason !== "" && h("span", { class: "reason" }, reason), about !== "" && h("span", { class: "about" }, about)),
      message !== "" && h("span", { class: "condition-message" }, message),
    );
    const decided = causes.length > 0 && h("span", { class: "decided" }, "decided by ", ...causes.map((cause) => chip(cause, this.#chips)));
    return h("li", { class: "condition" }, said, decided);
  }

  #difference({ message, help, severity, place }: Problem): HTMLElement {
    const name: IconName = severity;
    const content = [h("span", { class: `severity ${severity}` }, icon(name)), h("span", {}, "The snapshot says otherwise: ", ...marked(message), help !== null && h("span", { class: "help" }, ...marked(help)))];
    if (place === null) return h("li", { class: "difference" }, ...content);
    return h("li", {}, h("button", { type: "button", class: "difference", onclick: () => this.#events.located(place) }, ...content));
  }
}

/** What of an object's status is shown; `undefined` for nothing. */
function chosen(status: ObjectStatus, shown: Shown, wanted: string): ObjectStatus | undefined {
  const { object, conditions, differences } = status;
  const own = [object.kind, `${object.namespace}/${object.name}`].some((text) => text.toLowerCase().includes(wanted));
  const isWanted = ({ type, reason, message }: LocatedCondition): boolean => own || [type, reason, message].some((text) => text.toLowerCase().includes(wanted));
  const isShown = ({ type, status }: LocatedCondition): boolean => shown === "all" || (shown === "not-met" && truth(type, status) !== "met" && !/^\d+$/.test(status));
  const left = conditions.filter((condition) => isShown(condition) && isWanted(condition));
  const different = shown === "not-met" || !own ? [] : differences;
  return left.length + different.length === 0 ? undefined : { object, conditions: left, differences: different };
}

function truth(type: string, status: string): "met" | "unmet" | "other" {
  if (status !== "True" && status !== "False") return "other";
  return (status === "True") !== COMPLAINTS.has(type) ? "met" : "unmet";
}

function nothing(isEmpty: boolean, shown: Shown): string {
  if (isEmpty) return "Istio would write no status: there is no Gateway, no route, no policy, and nothing that uses a waypoint.";
  return { all: "No status has that in it.", "not-met": "Every condition is as it should be.", different: "The snapshot's own statuses say nothing else." }[shown];
}
