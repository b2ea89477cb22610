// The graph as a picture.
import type { Attached, Trace } from "waypoint-xds";

import type { Engine } from "../engine/engine.ts";
import type { Location } from "../engine/protocol.ts";
import { attachedId, draw, type Drawing, groupId, partsOf } from "../graph/draw.ts";
import { exported } from "../graph/export.ts";
import "../graph/graph.css";
import { BOX, type Layout, type Placed, type PlacedGroup } from "../graph/layout.ts";
import { shortHost } from "../graph/names.ts";
import { neighbour } from "../graph/neighbour.ts";
import { trace } from "../graph/trace.ts";
import { wayOf } from "../graph/way.ts";
import { Zoom } from "../graph/zoom.ts";
import { h, svg } from "../ui/dom.ts";
import { icon, type IconName } from "../ui/icons.ts";
import { AskForm, type AskEvents } from "./ask.ts";
import { nothing } from "./nothing.ts";
import { type Context, isSame, type Panel, type PanelEvents } from "./panel.ts";

/** Draws what a waypoint does with traffic. */
export class GraphPanel implements Panel {
  readonly element: HTMLElement;
  /** The form beside the picture. */
  readonly form: AskForm;
  readonly #engine: Engine;
  readonly #events: PanelEvents & AskEvents;
  readonly #content = svg("g");
  readonly #svg = svg("svg", { class: "graph", role: "group", "aria-label": "How traffic goes through the waypoint" }, this.#content);
  readonly #zoom = new Zoom(this.#svg, this.#content);
  readonly #services = h("select", { "aria-label": "Service", onchange: () => this.#filter(this.#services.value || undefined) });
  /** The form and the picture. */
  readonly #body: HTMLElement;
  readonly #empty: HTMLElement;
  readonly #tools: HTMLElement;
  readonly #expanded = new Set<string>();
  #service: string | undefined;
  #context: Context | undefined;
  #layout: Layout | undefined;
  #drawing: Drawing | undefined;
  /** What the picture was made of when it was last brought into view. */
  #viewed = "";
  #active = "";
  #trace: Trace | undefined;

  constructor(engine: Engine, events: PanelEvents & AskEvents) {
    this.#engine = engine;
    this.#events = events;
    this.#empty = nothing(events);
    this.form = new AskForm(engine, { ...events, answered: (trace) => this.#answered(trace) });
    const ask = h("button", { type: "button", class: "ghost", "aria-expanded": "true", onclick: () => this.#fold(ask) }, icon("ask"), "Request");
    const button = (name: IconName, label: string, run: () => void): HTMLElement =>
      h("button", { type: "button", class: "ghost icon-button", title: label, "aria-label": label, onclick: run }, icon(name));
    this.#tools = h(
      "div",
      { class: "graph-tools", role: "toolbar", "aria-label": "Picture" },
      ask,
      h("label", { class: "select" }, h("span", {}, "Service"), this.#services),
      h("span", { class: "spacer" }),
      button("minus", "Smaller (-)", () => this.#zoom.by(1 / 1.25)),
      button("plus", "Larger (+)", () => this.#zoom.by(1.25)),
      button("fit", "Show all (0)", () => this.#zoom.fit()),
    );
    this.#body = h("div", { class: "graph-body" }, this.form.element, this.#svg);
    this.element = h("div", { class: "panel graph-panel" }, this.#tools, this.#body, this.#empty);
    this.#svg.addEventListener("click", (event) => this.#activate(idOf(event.target)));
    this.#svg.addEventListener("keydown", (event) => this.#key(event));
    this.#svg.addEventListener("pointerover", (event) => this.#hover(idOf(event.target)));
    this.#svg.addEventListener("pointerleave", () => this.#hover(undefined));
    this.#svg.addEventListener("focusin", (event) => this.#hover(idOf(event.target)));
    this.#svg.addEventListener("focusout", () => this.#hover(undefined));
  }

  async refresh(context: Context): Promise<void> {
    this.#context = context;
    const { waypoint, isStale } = context;
    const view = { service: this.#service, expanded: [...this.#expanded] };
    const layout = waypoint === undefined ? undefined : await this.#engine.ask("graph", { waypoint, view });
    if (isStale()) return;
    this.#layout = layout;
    this.#empty.hidden = layout !== undefined;
    this.#body.hidden = layout === undefined;
    this.#tools.hidden = layout === undefined;
    if (layout === undefined) return;
    this.#show(layout);
    const viewed = `${waypoint} ${this.#service}`;
    if (this.#viewed !== viewed) this.#zoom.reset();
    this.#viewed = viewed;
    this.select(context.selected);
    this.form.offer(layout.services);
    await this.form.ask();
  }

  select(location: Location | undefined): void {
    for (const { box } of this.#layout?.boxes ?? []) {
      const isSelected = location !== undefined && box.location !== null && isSame(box.location, location);
      this.#drawing?.boxes.get(box.id)?.classList.toggle("selected", isSelected);
      for (const [index, { resource }] of box.attached.entries()) {
        this.#drawing?.boxes.get(attachedId(box.id, index))?.classList.toggle("selected", isSame(resource, location));
      }
    }
  }

  /** The picture as the text of an SVG file, when there is one. */
  file(): string | undefined {
    const waypoint = this.#context?.waypoint;
    return this.#layout === undefined || waypoint === undefined ? undefined : exported(this.#layout, `Waypoint ${waypoint}`);
  }

  #show(layout: Layout): void {
    const hadFocus = this.#svg.contains(document.activeElement);
    const drawing = draw(layout);
    this.#drawing = drawing;
    this.#content.replaceChildren(drawing.element);
    this.#zoom.resize(layout.width, layout.height);
    const all = layout.services.map((host) => h("option", { value: host, selected: host === this.#service }, shortHost(host)));
    this.#services.replaceChildren(h("option", { value: "" }, `All ${layout.services.length} Services`), ...all);
    if (this.#service !== undefined && !layout.services.includes(this.#service)) this.#service = undefined;
    if (!drawing.boxes.has(this.#active)) this.#active = first(layout)?.box.id ?? "";
    const active = drawing.boxes.get(this.#active);
    active?.setAttribute("tabindex", "0");
    if (hadFocus) active?.focus({ preventScroll: true });
    this.#light();
  }

  #fold(button: HTMLElement): void {
    const { element } = this.form;
    element.hidden = !element.hidden;
    button.setAttribute("aria-expanded", String(!element.hidden));
  }

  /** Lights the way of a request up. */
  #answered(trace: Trace | undefined): void {
    this.#trace = trace;
    this.#light();
    this.#events.answered(trace);
  }

  #light(): void {
    const way = this.#trace === undefined || this.#layout === undefined ? new Set<string>() : wayOf(this.#trace, this.#layout);
    this.#svg.classList.toggle("asked", way.size > 0);
    for (const [id, element] of this.#drawing?.boxes ?? []) element.classList.toggle("way", way.has(id));
    for (const { line, element } of this.#drawing?.lines ?? []) element.classList.toggle("way", way.has(line.from) && way.has(line.to));
  }

  #filter(service: string | undefined): void {
    this.#service = service;
    if (this.#context !== undefined) void this.refresh(this.#context);
  }

  #placed(id: string | undefined): Placed | undefined {
    return this.#layout?.boxes.find(({ box }) => box.id === id);
  }

  /** What is attached to a box, by its id. */
  #attached(id: string | undefined): Attached | undefined {
    if (id === undefined) return undefined;
    const { box, index } = partsOf(id);
    return index === undefined ? undefined : this.#placed(box)?.box.attached[index];
  }

  #group(id: string | undefined): PlacedGroup | undefined {
    return this.#layout?.groups.find((group) => groupId(group) === id);
  }

  #activate(id: string | undefined): void {
    if (id === undefined) return;
    this.#focus(id);
    const group = this.#group(id);
    const box = this.#placed(id)?.box;
    const attached = this.#attached(id);
    if (attached !== undefined) this.#events.chosen(attached.resource, attached.origins);
    else if (group !== undefined) this.#filter(group.service);
    else if (box?.kind === "endpoints" && box.cluster !== undefined) this.#expand(box.cluster);
    else if (box?.location != null) this.#events.chosen(box.location, box.origins);
  }

  #expand(cluster: string): void {
    this.#expanded.add(cluster);
    if (this.#context !== undefined) void this.refresh(this.#context);
  }

  /** The ways of what the pointer is on; else of what has the focus: the picture may move away from below the pointer. */
  #hover(over: string | undefined): void {
    const focused = document.activeElement;
    const id = over ?? (this.#svg.contains(focused) ? idOf(focused) : undefined);
    if (this.#drawing !== undefined) trace(this.#svg, this.#drawing, id === undefined ? undefined : partsOf(id).box);
    this.#events.hovered(this.#attached(id)?.origins ?? this.#placed(id)?.box.origins ?? []);
  }

  #focus(id: string): void {
    const [before, now] = [this.#drawing?.boxes.get(this.#active), this.#drawing?.boxes.get(id)];
    before?.setAttribute("tabindex", "-1");
    now?.setAttribute("tabindex", "0");
    now?.focus({ preventScroll: true });
    this.#active = id;
    const place = this.#placed(partsOf(id).box) ?? this.#group(id);
    if (place !== undefined) this.#zoom.reveal(place.x, place.y, BOX.width, "height" in place ? place.height : BOX.height);
  }

  #key(event: KeyboardEvent): void {
    const { key } = event;
    const to = this.#layout === undefined ? undefined : neighbour(this.#layout, this.#active, key);
    if (to !== undefined) this.#focus(to);
    else if (key === "Enter" || key === " ") this.#activate(this.#active);
    else if (key === "+" || key === "=") this.#zoom.by(1.25);
    else if (key === "-") this.#zoom.by(1 / 1.25);
    else if (key === "0") this.#zoom.fit();
    else if (key === "Escape" && this.#service !== undefined) this.#filter(undefined);
    else return;
    event.preventDefault();
  }
}

/** Where the picture is read from: the box at the top left. */
function first(layout: Layout): Placed | undefined {
  return [...layout.boxes].sort((a, b) => a.x - b.x || a.y - b.y)[0];
}

function idOf(target: EventTarget | null): string | undefined {
  return target instanceof Element ? target.closest<SVGGElement>("[data-id]")?.dataset["id"] : undefined;
}
