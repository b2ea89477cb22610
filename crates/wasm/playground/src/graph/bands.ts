// A band of the picture for each listener, in the order in which traffic meets them.
import type { Box, Line } from "./fold.ts";

/** The bands of a picture. */
export interface Bands {
  /** The band of each box, by its id. */
  readonly of: ReadonlyMap<string, number>;
  readonly count: number;
  /** The band of what no traffic reaches: the last one, if there is any. */
  readonly unreached: number | undefined;
}

/** What the core says of a listener that other listeners lead to. */
const INTERNAL = "internal";

/** Finds the band of each box. */
export function bands(boxes: readonly Box[], lines: readonly Line[]): Bands {
  const next = new Map<string, string[]>();
  for (const { from, to } of lines) next.set(from, [...(next.get(from) ?? []), to]);
  const byId = new Map(boxes.map((box) => [box.id, box]));
  const listeners = boxes.filter((box) => box.kind === "listener");
  const targets = new Set(boxes.flatMap((box) => box.continues ?? []));
  // First where traffic comes in, then what follows from there, then what nobody leads to, or only itself.
  const entries = listeners.filter((box) => !targets.has(box.name));
  const outer = entries.filter((box) => box.subtitle !== INTERNAL);
  const rest = [...outer, ...entries, ...listeners].map((box) => box.id);
  const waiting: string[] = [];
  const of = new Map<string, number>();
  let count = 0;
  const following = (): string | undefined => waiting.shift() ?? rest.shift();
  for (let listener = following(); listener !== undefined; listener = following()) {
    if (of.has(listener)) continue;
    const band = new Set([listener]);
    for (const id of band) {
      of.set(id, count);
      for (const to of next.get(id) ?? []) if (!of.has(to)) band.add(to);
      const continues = byId.get(id)?.continues;
      if (continues !== undefined) waiting.push(`listener:${continues}`);
    }
    count += 1;
  }
  const unreached = boxes.filter((box) => !of.has(box.id));
  for (const box of unreached) of.set(box.id, count);
  return unreached.length === 0 ? { of, count, unreached: undefined } : { of, count: count + 1, unreached: count };
}
