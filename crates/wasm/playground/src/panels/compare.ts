// What the snapshot in the editor changes against one that was kept before: whose requests, who is told, what is found.
import type { Came, ClassDiff, DestinationDiff, Diff, Problem, TraceCause, WaypointDiff } from "waypoint-xds";

import type { Engine } from "../engine/engine.ts";
import type { Input } from "../engine/protocol.ts";
import "./compare.css";
import { chip } from "../ui/chip.ts";
import { h } from "../ui/dom.ts";
import { chooseFiles } from "../ui/drop.ts";
import { icon } from "../ui/icons.ts";
import { marked } from "../ui/marked.ts";
import type { Context, Panel, PanelEvents } from "./panel.ts";

/** As many destinations, and findings, are listed: nobody reads more. */
const LISTED = 100;

/** The comparison with what was before. */
export class ComparePanel implements Panel {
  readonly element: HTMLElement;
  readonly #engine: Engine;
  readonly #events: PanelEvents;
  /** What is in the editor, with its options. */
  readonly #now: () => Input;
  readonly #kept = h("p", { class: "compare-kept" });
  readonly #summary = h("p", { class: "compare-summary", "aria-live": "polite" });
  readonly #list = h("div", { class: "compare-list" });
  #before: Input | undefined;
  #context: Context | undefined;

  constructor(engine: Engine, events: PanelEvents, now: () => Input) {
    this.#engine = engine;
    this.#events = events;
    this.#now = now;
    const button = (name: "open" | "plus", text: string, onclick: () => void): HTMLElement => h("button", { type: "button", class: "ghost", onclick }, icon(name), text);
    const tools = h(
      "div",
      { class: "panel-tools" },
      button("plus", "Keep this as before", () => this.#keep(this.#now())),
      button("open", "Open files as before", () => chooseFiles((files) => files.length > 0 && this.#keep({ ...this.#now(), files }))),
    );
    this.element = h("div", { class: "panel" }, tools, h("div", { class: "scroll compare" }, this.#kept, this.#summary, this.#list));
    this.#tell();
  }

  async refresh(context: Context): Promise<void> {
    this.#context = context;
    if (this.#before === undefined) return;
    const diff = await this.#engine.ask("compare", this.#before);
    if (!context.isStale()) this.#show(diff);
  }

  /** From now on this is what was before. */
  #keep(before: Input): void {
    this.#before = before;
    this.#tell();
    if (this.#context !== undefined) void this.refresh(this.#context);
  }

  #tell(): void {
    if (this.#before === undefined) {
      this.#kept.textContent = "Keep what is in the editor as it was before, then change it: here stands whose requests that changes, with an example of each class, or that nothing does.";
      return;
    }
    const { files, options } = this.#before;
    this.#kept.textContent = `Before: ${files.map(({ name }) => name).join(", ")}, Istio ${options.release ?? "latest"}. After: what is in the editor.`;
  }

  #show({ behaviour, waypoints, findings }: Diff): void {
    const differ = behaviour.filter(({ compared }) => compared !== "equal");
    this.#summary.textContent = summary(behaviour);
    const changed = waypoints.filter(({ resources }) => resources.length > 0);
    this.#list.replaceChildren(
      ...differ.slice(0, LISTED).map((destination) => this.#destination(destination)),
      more(differ.length, "destinations"),
      section("Pushed to", changed.map(push)),
      section("Found now", findings.introduced.map((problem) => this.#finding(problem))),
      section("Found no more", findings.fixed.map(({ code, message }) => h("li", {}, h("code", {}, code), " ", ...marked(message)))),
    );
  }

  #destination(destination: DestinationDiff): HTMLElement {
    return h("section", { class: "compared" }, h("h3", {}, named(destination)), ...this.#found(destination));
  }

  #found(destination: DestinationDiff): HTMLElement[] {
    const say = (text: string): HTMLElement[] => [h("p", { class: "hint" }, ...marked(text))];
    if (destination.compared === "added") return say("The waypoint serves it now.");
    if (destination.compared === "removed") return say("The waypoint does not serve it any more.");
    if (destination.compared === "notDecided") return say(`Not decided: ${destination.reason}.`);
    if (destination.compared !== "differs") return [];
    const { classes, complete, undecided } = destination;
    const rest = undecided !== null ? say(`Not decided: ${undecided}.`) : complete ? [] : say("And more.");
    return [...classes.map((one) => this.#class(one)), ...rest];
  }

  /** What requests have in common, an example, and what came and comes of it, side by side. */
  #class({ conditions, example, old, new: now, also = [], confirmed }: ClassDiff): HTMLElement {
    const { method = "bytes", path = "", from } = example;
    const silent = !confirmed && h("p", { class: "hint" }, "It goes the same way: load balancing, health checks or the like differ.");
    return h(
      "article",
      { class: "class" },
      h("p", { class: "class-of" }, ...marked(conditions.length === 0 ? "all requests" : conditions.join(", "))),
      h("p", { class: "hint" }, `for example ${method} ${path} from ${from}`),
      h("div", { class: "sides" }, side("was", old), side("is", now, this.#line(now.because))),
      also.length > 0 && h("ul", { class: "also" }, ...also.map((text) => h("li", {}, ...marked(text)))),
      silent,
    );
  }

  /** Leads to the line that decides now; the lines of before are not in the editor. */
  #line(cause: TraceCause | null): HTMLElement | undefined {
    if (cause?.place == null) return undefined;
    const { kind, namespace, name, field, place } = cause;
    const maker = { kind, namespace, name, field, ...place };
    return chip(maker, { hovered: this.#events.hovered, chosen: this.#events.traced });
  }

  #finding({ code, message, place }: Problem): HTMLElement {
    const text = [h("code", {}, code), " ", ...marked(message)];
    return h("li", {}, place === null ? h("span", {}, ...text) : h("button", { type: "button", class: "compare-finding", onclick: () => this.#events.located(place) }, ...text));
  }
}

function side(when: string, { verdict, status, reason, destinations }: Came, line?: HTMLElement): HTMLElement {
  const targets = destinations.filter(({ probability }) => probability > 0).map(({ cluster, service, probability }) => `${cluster || (service ?? "")}${probability < 1 ? ` (${Math.round(probability * 100)} %)` : ""}`);
  const text = verdict === "allowed" && targets.length > 0 ? `to ${targets.join(", ")}` : reason;
  return h(
    "div",
    { class: `verdict-line ${verdict}` },
    h("strong", {}, `${when} ${verdict.toUpperCase()}${status === null ? "" : ` ${status}`}`),
    " ",
    ...marked(text),
    " ",
    line ?? "",
  );
}

function named({ host, port, waypoint, moved, http }: DestinationDiff): string {
  const name = `${host ?? "addresses of workloads"}${port === null ? "" : `:${port}`}${http ? "" : ", bytes"}`;
  if (moved === undefined) return waypoint === null ? name : `${name} at ${waypoint}`;
  if (moved.to === null) return `${name}, no longer through ${moved.from}`;
  return moved.from === null ? `${name}, now through ${moved.to}` : `${name}, through ${moved.to} instead of ${moved.from}`;
}

function summary(behaviour: readonly DestinationDiff[]): string {
  const count = (compared: DestinationDiff["compared"]): number => behaviour.filter((one) => one.compared === compared).length;
  const [equal, undecided] = [count("equal"), count("notDecided")];
  const differ = behaviour.length - equal - undecided;
  if (differ + undecided === 0) return `Nothing differs for any request to ${equal} ${equal === 1 ? "destination" : "destinations"}: proved.`;
  const parts = [`${differ} of ${behaviour.length} ${behaviour.length === 1 ? "destination" : "destinations"} ${differ === 1 ? "differs" : "differ"}`];
  if (equal > 0) parts.push(`${equal} proved equal`);
  if (undecided > 0) parts.push(`${undecided} not decided`);
  return `${parts.join("; ")}.`;
}

function push({ waypoint, presence, update }: WaypointDiff): HTMLElement {
  const how = { added: "is new", removed: "is gone", both: `${update.resources} of ${update.ofResources} resources, ${update.bytes.toLocaleString("en")} bytes` }[presence];
  return h("li", {}, `${waypoint}: ${how}`);
}

function section(title: string, items: readonly HTMLElement[]): HTMLElement | string {
  if (items.length === 0) return "";
  return h("section", { class: "compared" }, h("h3", {}, title), h("ul", { class: "also" }, ...items.slice(0, LISTED)), more(items.length, "more"));
}

function more(count: number, what: string): HTMLElement | string {
  return count > LISTED ? h("p", { class: "hint" }, `and ${(count - LISTED).toLocaleString("en")} ${what}`) : "";
}
