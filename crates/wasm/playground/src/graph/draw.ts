// The picture as SVG.
import { svg } from "../ui/dom.ts";
import type { Box } from "./fold.ts";
import { BOX, type Drawn, type Layout, type Placed, type PlacedGroup, ROW, shownOf } from "./layout.ts";

/** Characters that fit into a box. */
const TITLE = 21;
const SUBTITLE = 23;
const ATTACHED_LENGTH = 23;

/** The picture, and its boxes and lines by id. */
export interface Drawing {
  readonly element: SVGGElement;
  readonly boxes: ReadonlyMap<string, SVGGElement>;
  readonly lines: readonly { readonly line: Drawn; readonly element: SVGGElement }[];
}

/** Draws a layout. */
export function draw(layout: Layout): Drawing {
  const boxes = new Map(layout.boxes.map((placed) => [placed.box.id, drawBox(placed)]));
  for (const { box } of layout.boxes) {
    for (const element of boxes.get(box.id)?.querySelectorAll<SVGGElement>(".attached") ?? []) boxes.set(element.dataset["id"] ?? "", element);
  }
  for (const group of layout.groups) boxes.set(groupId(group), drawGroup(group));
  const lines = layout.lines.map((line) => ({ line, element: drawLine(line) }));
  const headers = layout.columns.map(({ title, x }) => svg("text", { class: "column", x, y: 12 }, title));
  const borders = layout.borders.map((y) => svg("line", { class: "border", x1: 0, x2: layout.width, y1: y, y2: y }));
  const unreached = layout.unreached;
  const note = unreached === undefined ? undefined : svg("text", { class: "band", x: 0, y: unreached + 40 }, "not reached by traffic");
  const headings = layout.headings.map(({ x, y }) => svg("text", { class: "band", x, y }, "Services: choose one to see its filter chains, routes, clusters and endpoints"));
  const element = svg("g", {}, ...headers, ...headings, ...borders, note, ...lines.map(({ element }) => element), ...[...boxes.values()].filter((box) => !box.classList.contains("attached")));
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

/** The id of the n-th thing that is attached to a box. */
export function attachedId(box: string, index: number): string {
  return `${box}!${index}`;
}

/** The box that an id is of, and the position of what is attached to it, if the id is of that. */
export function partsOf(id: string): { readonly box: string; readonly index: number | undefined } {
  const at = id.lastIndexOf("!");
  return at < 0 ? { box: id, index: undefined } : { box: id.slice(0, at), index: Number(id.slice(at + 1)) };
}

function drawBox({ box, x, y, height }: Placed): SVGGElement {
  const classes = ["box", box.kind, box.missing && "missing", box.assumed && "assumed"].filter(Boolean).join(" ");
  const hop = box.continues === undefined ? undefined : `→ ${box.continues}`;
  return frame({ id: box.id, classes, x, y, title: box.title, subtitle: box.subtitle, name: describe(box), stack: box.kind === "endpoints", hop, height, rows: rowsOf(box) });
}

function drawGroup(group: PlacedGroup): SVGGElement {
  const { x, y, title, subtitle, service } = group;
  return frame({ id: groupId(group), classes: "box service", x, y, title, subtitle, name: `Service ${service}, ${subtitle}`, stack: true, hop: undefined, height: BOX.height, rows: [] });
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
  readonly height: number;
  readonly rows: readonly SVGElement[];
}

function frame({ id, classes, x, y, title, subtitle, name, stack, hop, height, rows }: Frame): SVGGElement {
  const { width } = BOX;
  const middle = subtitle === "" ? BOX.height / 2 + 4.5 : 19;
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
    subtitle === "" ? undefined : svg("text", { class: "subtitle", x: 15, y: 35.5 }, cut(subtitle, SUBTITLE)),
    ...rows,
    hop === undefined || repeats ? undefined : svg("text", { class: "hop", x: width, y: height + 12 }, hop),
  );
}

const ATTACHED = { authorization: "policy", authentication: "JWT", extension: "extension" } as const;

/** What is attached to a box, as rows below its names. */
function rowsOf(box: Box): SVGElement[] {
  const { rows, more } = shownOf(box);
  const top = (row: number): number => BOX.height + ROW * row;
  const drawn: SVGElement[] = rows.map(({ kind, label }, index) => {
    const name = `${ATTACHED[kind]} ${label}`;
    return svg(
      "g",
      { class: `attached ${kind}`, transform: `translate(8 ${top(index)})`, "data-id": attachedId(box.id, index), role: "button", tabindex: -1, "aria-label": `${name}, of filter chain ${box.name}` },
      svg("title", {}, name),
      svg("rect", { class: "body", width: BOX.width - 16, height: ROW - 3, rx: 5 }),
      svg("text", { class: "subtitle", x: 7, y: 14 }, cut(name, ATTACHED_LENGTH)),
    );
  });
  if (more > 0) drawn.push(svg("text", { class: "subtitle", x: 15, y: top(rows.length) + 14 }, `and ${more} more`));
  return drawn;
}

/** What a screen reader says. */
function describe(box: Box): string {
  const kind = { listener: "Listener", chain: "Filter chain", route: "Route", cluster: "Cluster", endpoint: "Endpoint", endpoints: "Endpoints" }[box.kind];
  const parts = [`${kind} ${box.name === "" ? box.title : box.name}`, box.subtitle];
  if (box.continues !== undefined) parts.push(`continues at listener ${box.continues}`);
  if (box.missing) parts.push("named, but not sent");
  if (box.assumed) parts.push("assumed");
  return parts.filter((part) => part !== "").join(", ");
}

/** A text that fits; the port of a host stays. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const [port = ""] = /:\d+$/.exec(text) ?? [];
  return `${text.slice(0, length - 1 - port.length)}…${port}`;
}
