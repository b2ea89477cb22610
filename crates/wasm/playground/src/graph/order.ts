// The second and third step of a layered layout: an order in each column with few crossings, and heights that keep
// lines straight. The columns are given: kinds of boxes follow each other in the direction of traffic.

/** A box or a bend, in its column. */
export interface Item {
  readonly id: string;
  readonly column: number;
  readonly height: number;
}

/** Items that are connected. */
export interface Link {
  readonly from: string;
  readonly to: string;
}

const SWEEPS = 8;

/** Orders the items of each column by the mean position of their neighbours, from both sides in turns. */
export function order(items: readonly Item[], links: readonly Link[], columns: number): Item[][] {
  const ordered: Item[][] = Array.from({ length: columns }, (_, column) => items.filter((item) => item.column === column));
  const [before, after] = neighbours(links);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const forward = sweep % 2 === 0;
    for (const column of forward ? ordered : [...ordered].reverse()) {
      const positions = positionsOf(ordered);
      const sides = forward ? before : after;
      const key = new Map(column.map((item, index) => [item.id, mean(sides.get(item.id), positions) ?? relative(index, column)]));
      // The sort is stable: what has no neighbours stays about where it is.
      column.sort((a, b) => (key.get(a.id) ?? 0) - (key.get(b.id) ?? 0));
    }
  }
  return ordered;
}

/** Where each item is in its column, from 0 to 1, so that columns of different lengths compare. */
function positionsOf(columns: readonly (readonly Item[])[]): Map<string, number> {
  return new Map(columns.flatMap((column) => column.map((item, index) => [item.id, relative(index, column)] as const)));
}

function relative(index: number, column: readonly Item[]): number {
  return (index + 0.5) / column.length;
}

function neighbours(links: readonly Link[]): [before: Map<string, string[]>, after: Map<string, string[]>] {
  const before = new Map<string, string[]>();
  const after = new Map<string, string[]>();
  const add = (map: Map<string, string[]>, key: string, value: string): void => {
    const list = map.get(key);
    if (list === undefined) map.set(key, [value]);
    else list.push(value);
  };
  for (const { from, to } of links) {
    add(after, from, to);
    add(before, to, from);
  }
  return [before, after];
}

function mean(ids: readonly string[] | undefined, positions: ReadonlyMap<string, number>): number | undefined {
  const known = (ids ?? []).flatMap((id) => positions.get(id) ?? []);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** The middle of each item, such that columns keep their order and gaps and lines are as straight as that allows. */
export function heights(columns: readonly (readonly Item[])[], links: readonly Link[], gap: number): Map<string, number> {
  const [before, after] = neighbours(links);
  const middles = new Map<string, number>();
  for (const column of columns) place(column, middles, () => undefined, gap);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const forward = sweep % 2 === 0;
    for (const column of forward ? columns : [...columns].reverse()) {
      const sides = forward ? before : after;
      place(column, middles, (id) => mean(sides.get(id), middles) ?? middles.get(id), gap);
    }
  }
  const top = Math.min(...columns.flatMap((column) => column.map((item) => (middles.get(item.id) ?? 0) - item.height / 2)));
  for (const [id, middle] of middles) middles.set(id, middle - top);
  return middles;
}

/** A run of items that touch each other. */
interface Run {
  items: { id: string; offset: number }[];
  /** The sum of where the items' wishes would put the run's first item. */
  wishes: number;
  height: number;
}

/**
 * Places a column: least squares of the wishes under the order (pool adjacent violators). Runs that would overlap
 * become one, which lies where its items wish on average.
 */
function place(column: readonly Item[], middles: Map<string, number>, wish: (id: string) => number | undefined, gap: number): void {
  const runs: Run[] = [];
  let below = 0;
  for (const { id, height } of column) {
    const wanted = wish(id) ?? below + height / 2;
    below = Math.max(below, wanted - height / 2) + height + gap;
    let run: Run = { items: [{ id, offset: height / 2 }], wishes: wanted - height / 2, height: height + gap };
    for (let previous = runs.at(-1); previous !== undefined && start(previous) + previous.height > start(run); previous = runs.at(-1)) {
      runs.pop();
      run = join(previous, run);
    }
    runs.push(run);
  }
  for (const run of runs) for (const { id, offset } of run.items) middles.set(id, start(run) + offset);
}

function start(run: Run): number {
  return run.wishes / run.items.length;
}

function join(upper: Run, lower: Run): Run {
  const moved = lower.items.map(({ id, offset }) => ({ id, offset: offset + upper.height }));
  return {
    items: [...upper.items, ...moved],
    wishes: upper.wishes + lower.wishes - upper.height * lower.items.length,
    height: upper.height + lower.height,
  };
}
