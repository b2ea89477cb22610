// Where everything of the picture goes: columns by kind, and a band for each listener.
import { bands } from "./bands.ts";
import type { Box, BoxKind, Line, Picture } from "./fold.ts";
import { heights, type Item, type Link, order } from "./order.ts";
import type { ServiceGroup } from "./services.ts";

/** A box and where it is. */
export interface Placed {
  readonly box: Box;
  readonly column: number;
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

/** A line, as the path of an SVG. */
export interface Drawn extends Line {
  readonly path: string;
  /** Whether no traffic takes it. */
  readonly isIdle: boolean;
  /** Where its label ends. */
  readonly x: number;
  readonly y: number;
}

/** A Service that is shown by name only, and where. */
export interface PlacedGroup extends ServiceGroup {
  readonly x: number;
  readonly y: number;
}

/** The picture with all its places. */
export interface Layout {
  readonly boxes: readonly Placed[];
  readonly lines: readonly Drawn[];
  readonly groups: readonly PlacedGroup[];
  /** Lines between the bands, by height. */
  readonly borders: readonly number[];
  readonly columns: readonly { readonly title: string; readonly x: number }[];
  readonly width: number;
  readonly height: number;
  readonly services: readonly string[];
  /** The top of what no traffic reaches. */
  readonly unreached: number | undefined;
  /** Where it is said that Services follow, which the columns' titles are not about. */
  readonly headings: readonly { readonly x: number; readonly y: number }[];
}

/** The size of a box. */
export const BOX = { width: 176, height: 46 } as const;

/** The height of something attached to a box, inside it. */
export const ROW = 22;

/** As many are shown in a box; of more there is a row that says how many. */
const ROWS = 5;

const COLUMN_GAP = 42;
const ROW_GAP = 14;
const BAND_GAP = 44;
const HEADER = 34;
/** The room for the words above Services. */
const HEADING = 28;
const BEND = 8;
const TITLES = ["Listener", "Filter chain", "Route", "Cluster", "Endpoint"];
const COLUMNS: { readonly [K in BoxKind]: number } = { listener: 0, chain: 1, route: 2, cluster: 3, endpoint: 4, endpoints: 4 };

/** Lays a picture out. */
export function layout({ boxes, lines, groups, services }: Picture): Layout {
  const { of, count, unreached } = bands(boxes, lines);
  const middles = new Map<string, number>();
  const placedGroups: PlacedGroup[] = [];
  const borders: number[] = [];
  const headings: { x: number; y: number }[] = [];
  const byId = new Map(boxes.map((box) => [box.id, box]));
  let bottom = HEADER;
  for (let band = 0; band < count; band++) {
    if (band > 0) {
      borders.push(bottom + BAND_GAP / 2);
      bottom += BAND_GAP;
    }
    const inside = boxes.filter((box) => of.get(box.id) === band);
    const links = lines.filter((line) => of.get(line.from) === band && of.get(line.to) === band);
    const top = bottom;
    for (const [id, middle] of bandHeights(inside, links)) {
      middles.set(id, top + middle);
      const box = byId.get(id);
      bottom = Math.max(bottom, top + middle + (box === undefined ? BOX.height : heightOf(box)) / 2);
    }
    const own = groups.filter((group) => inside.some((box) => box.id === group.listener));
    if (own.length > 0) {
      headings.push({ x: columnX(1), y: bottom + HEADING });
      bottom += HEADING + ROW_GAP;
    }
    const grid = gridOf(own, bottom);
    placedGroups.push(...grid);
    for (const group of grid) bottom = Math.max(bottom, group.y + BOX.height);
  }
  const placed = boxes.map((box): Placed => {
    const column = COLUMNS[box.kind];
    const height = heightOf(box);
    return { box, column, x: columnX(column), y: (middles.get(box.id) ?? 0) - height / 2, height };
  });
  const isReached = (id: string): boolean => of.get(id) !== unreached;
  return {
    boxes: placed,
    lines: drawn(placed, lines, middles).map((line) => ({ ...line, isIdle: !isReached(line.from) })),
    groups: placedGroups,
    borders,
    columns: TITLES.map((title, column) => ({ title, x: columnX(column) })),
    width: columnX(TITLES.length) - COLUMN_GAP,
    height: bottom,
    services,
    unreached: unreached === undefined ? undefined : borders.at(-1),
    headings,
  };
}

/** What is attached to a box and shown in it, and how many more there are. */
export function shownOf({ attached }: Box): { readonly rows: Box["attached"]; readonly more: number } {
  const rows = attached.length <= ROWS ? attached : attached.slice(0, ROWS - 1);
  return { rows, more: attached.length - rows.length };
}

function heightOf(box: Box): number {
  return BOX.height + ROW * Math.min(box.attached.length, ROWS) + (box.attached.length > 0 ? 4 : 0);
}

function columnX(column: number): number {
  return column * (BOX.width + COLUMN_GAP);
}

/** The middles of a band's boxes, and of the bends of lines that pass columns, from 0. */
function bandHeights(boxes: readonly Box[], lines: readonly Line[]): Map<string, number> {
  if (boxes.length === 0) return new Map();
  const items: Item[] = boxes.map((box) => ({ id: box.id, column: COLUMNS[box.kind], height: heightOf(box) }));
  const columns = new Map(items.map((item) => [item.id, item.column]));
  const links: Link[] = [];
  for (const line of lines) {
    let from = line.from;
    for (const bend of bends(line, columns)) {
      items.push({ ...bend, height: BEND });
      links.push({ from, to: bend.id });
      from = bend.id;
    }
    links.push({ from, to: line.to });
  }
  const ordered = order(items, links, TITLES.length);
  return heights(ordered, links, ROW_GAP);
}

/** The bends of a line: one in each column that it passes. */
function bends({ from, to }: Link, columns: ReadonlyMap<string, number>): { id: string; column: number }[] {
  const first = (columns.get(from) ?? 0) + 1;
  const passed = Math.max(0, (columns.get(to) ?? 0) - first);
  return Array.from({ length: passed }, (_, index) => ({ id: `bend:${from}>${to}@${first + index}`, column: first + index }));
}

/** Services beside each other in the columns behind their listener. */
function gridOf(groups: readonly ServiceGroup[], top: number): PlacedGroup[] {
  const across = TITLES.length - 1;
  return groups.map((group, index) => ({
    ...group,
    x: columnX(1 + (index % across)),
    y: top + Math.floor(index / across) * (BOX.height + ROW_GAP),
  }));
}

function drawn(placed: readonly Placed[], lines: readonly Line[], middles: ReadonlyMap<string, number>): Omit<Drawn, "isIdle">[] {
  const columns = new Map(placed.map(({ box, column }) => [box.id, column]));
  return lines.flatMap((line) => {
    const [from, to] = [columns.get(line.from), columns.get(line.to)];
    if (from === undefined || to === undefined) return [];
    let [x, y] = [columnX(from) + BOX.width, middles.get(line.from) ?? 0];
    const path = [`M${x} ${round(y)}`];
    const curve = (toX: number, toY: number): void => {
      const half = (x + toX) / 2;
      path.push(`C${half} ${round(y)} ${half} ${round(toY)} ${toX} ${round(toY)}`);
      [x, y] = [toX, toY];
    };
    for (const bend of bends(line, columns)) {
      const middle = middles.get(bend.id);
      if (middle === undefined) continue;
      curve(columnX(bend.column), middle);
      x += BOX.width;
      path.push(`H${x}`);
    }
    curve(columnX(to), middles.get(line.to) ?? 0);
    return [{ ...line, path: path.join(""), x: x - 8, y: round(y) - 5 }];
  });
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}
