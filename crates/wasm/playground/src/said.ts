// What a translation says of itself, in a line.
import type { Outcome } from "./engine/protocol.ts";
import { h } from "./ui/dom.ts";

/** What was read, what was not, and how long it took. */
export function said({ summary, waypoints, milliseconds, release }: Outcome): Node[] {
  const read = Object.entries(summary.read).sort(([a], [b]) => a.localeCompare(b));
  const objects = read.reduce((sum, [, count]) => sum + count, 0);
  const leftOut = Object.values(summary.leftOut).reduce((sum, count) => sum + count, summary.unidentified);
  const ignored = summary.ignored.reduce((sum, { count }) => sum + count, 0);
  const parts = [
    plural(waypoints.length, "waypoint"),
    plural(objects, "object"),
    leftOut > 0 ? `${leftOut.toLocaleString("en")} left out` : "",
    ignored > 0 ? `${ignored.toLocaleString("en")} ignored` : "",
    `Istio ${release}`,
    `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`,
  ];
  const all = read.map(([kind, count]) => `${count} ${kind}`).join(", ");
  return parts.filter((part) => part !== "").map((part) => h("span", { title: all }, part));
}

function plural(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}
