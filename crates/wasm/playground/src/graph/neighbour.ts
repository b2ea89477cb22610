// Where an arrow key leads to in the picture.
import { attachedId, groupId } from "./draw.ts";
import { BOX, type Layout, ROW, shownOf } from "./layout.ts";

interface Spot {
  readonly id: string;
  readonly x: number;
  readonly y: number;
}

const DIRECTIONS: { readonly [key: string]: readonly [x: number, y: number] } = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The id of the next box in an arrow's direction; sideways along lines where there are any. */
export function neighbour(layout: Layout, id: string, key: string): string | undefined {
  const direction = DIRECTIONS[key];
  const attached = layout.boxes.flatMap(({ box, x, y }) => shownOf(box).rows.map((_, index) => ({ id: attachedId(box.id, index), x, y: y + BOX.height + ROW * index })));
  const spots: Spot[] = [...layout.boxes.map(({ box, x, y }) => ({ id: box.id, x, y })), ...attached, ...layout.groups.map((group) => ({ id: groupId(group), x: group.x, y: group.y }))];
  const at = spots.find((spot) => spot.id === id);
  if (direction === undefined || at === undefined) return undefined;
  const [x, y] = direction;
  const linked = new Set(layout.lines.flatMap((line) => (x > 0 && line.from === id ? [line.to] : x < 0 && line.to === id ? [line.from] : [])));
  const candidates = spots.filter((spot) => (x === 0 ? spot.x === at.x && (spot.y - at.y) * y > 0 : (spot.x - at.x) * x > 0));
  const along = candidates.filter((spot) => linked.has(spot.id));
  const cost = (spot: Spot): number => (x === 0 ? Math.abs(spot.y - at.y) : Math.abs(spot.x - at.x) + 4 * Math.abs(spot.y - at.y));
  const [first] = (along.length > 0 ? along : candidates).sort((a, b) => cost(a) - cost(b));
  return first?.id;
}
