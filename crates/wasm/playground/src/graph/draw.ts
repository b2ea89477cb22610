// The picture as SVG.
import { svg } from "../ui/dom.ts";
import type { Box } from "./fold.ts";
import { BOX, type Drawn, type Layout, type Placed, type PlacedGroup } from "./layout.ts";

/** Characters that fit into a box. */
const TITLE = 23;
const SUBTITLE = 29;

/** The picture, and its boxes and lines by id. */
export interface Drawing {
  readonly element: SVGGElement;
  readonly boxes: ReadonlyMap<string, SVGGElement>;
  readonly lines: readonly { readonly line: Drawn; readonly element: SVGGElement }[];
}

/** Draws a layout. */
export function draw(layout: Layout): Drawing {
  const boxes = new Map(layout.boxes.map((placed) => [placed.box.id, drawBox(placed)]));
  for (const group of layout.groups) boxes.set(groupId(group), drawGroup(group));
  const lines = layout.lines.map((line) => ({ line, element: drawLine(line) }));
  const headers = layout.columns.map(({ title, x }) => svg("text", { class: "column", x, y: 12 }, title));
  const borders = layout.borders.map((y) => svg("line", { class: "border", x1: 0, x2: layout.width, y1: y, y2: y }));
  const unreached = layout.unreached;
  const note = unreached === undefined ? undefined : svg("text", { class: "band", x: 0, y: unreached + 40 }, "not reached by traffic");
  const element = svg("g", {}, ...headers, ...borders, note, ...lines.map(({ element }) => element), ...boxes.values());
  return { element, boxes, lines };
}

/** The id of a Service that is shown by name only. */
export function groupId(group: PlacedGroup): string {
  return `service:${group.service}`;
}

function drawLine(line: Drawn): SVGGElement {
  const kind = ["line", line.label.startsWith("mirror") && "mirror", line.isIdle && "idle"].filter(Boolean).join(" ");
  const label = line.label === "" ? undefined : svg("text", { class: "share", x: line.x, y: line.y }, line.label);
  return svg("g", { class: kind }, svg("path", { d: line.path }), label);
}

function drawBox({ box, x, y }: Placed): SVGGElement {
  const classes = ["box", box.kind, box.missing && "missing"].filter(Boolean).join(" ");
  const hop = box.continues === undefined ? undefined : `→ ${box.continues}`;
  return frame({ id: box.id, classes, x, y, title: box.title, subtitle: box.subtitle, name: describe(box), stack: box.kind === "endpoints", hop });
}

function drawGroup(group: PlacedGroup): SVGGElement {
  const { x, y, title, subtitle, service } = group;
  return frame({ id: groupId(group), classes: "box service", x, y, title, subtitle, name: `Service ${service}, ${subtitle}`, stack: true, hop: undefined });
}

interface Frame {
  readonly id: string;
  readonly classes: string;
  readonly x: number;
  readonly y: number;
  readonly title: string;
  readonly subtitle: string;
  readonly name: string;
  readonly stack: boolean;
  readonly hop: string | undefined;
}

function frame({ id, classes, x, y, title, subtitle, name, stack, hop }: Frame): SVGGElement {
  const { width, height } = BOX;
  const middle = subtitle === "" ? height / 2 + 4.5 : 18;
  // What an endpoint's address only repeats is not said twice.
  const repeats = hop === title;
  return svg(
    "g",
    { class: classes, transform: `translate(${x} ${y})`, "data-id": id, role: "button", tabindex: -1, "aria-label": name },
    svg("title", {}, name),
    stack && svg("rect", { class: "shade", x: 4, y: 4, width, height, rx: 7 }),
    svg("rect", { class: "body", width, height, rx: 7 }),
    svg("path", { class: "edge", d: `M7 0H4.5A4.5 4.5 0 0 0 0 4.5V${height - 4.5}A4.5 4.5 0 0 0 4.5 ${height}H7Z` }),
    svg("text", { class: "title", x: 15, y: middle }, cut(title, TITLE)),
    subtitle === "" ? undefined : svg("text", { class: "subtitle", x: 15, y: 34.5 }, cut(subtitle, SUBTITLE)),
    hop === undefined || repeats ? undefined : svg("text", { class: "hop", x: width, y: height + 11 }, hop),
  );
}

/** What a screen reader says. */
function describe(box: Box): string {
  const kind = { listener: "Listener", chain: "Filter chain", route: "Route", cluster: "Cluster", endpoint: "Endpoint", endpoints: "Endpoints" }[box.kind];
  const parts = [`${kind} ${box.name === "" ? box.title : box.name}`, box.subtitle];
  if (box.continues !== undefined) parts.push(`continues at listener ${box.continues}`);
  if (box.missing) parts.push("named, but not sent");
  return parts.filter((part) => part !== "").join(", ");
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
