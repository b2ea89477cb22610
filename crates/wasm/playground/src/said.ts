// What a translation says of itself, in a line.
import type { Summary } from "waypoint-xds";

import type { Outcome } from "./engine/protocol.ts";
import { h } from "./ui/dom.ts";
import { disclosure } from "./ui/disclosure.ts";

/** What was read, what was not, and how long it took. Counts open to what was counted. */
export function said({ summary, waypoints, milliseconds, release }: Outcome): Node[] {
  const read = sorted(summary.read);
  const objects = total(read);
  const leftOut = [...sorted(summary.leftOut), ["documents that do not say what they are", summary.unidentified] as const].filter(([, count]) => count > 0);
  const ignored = ignoredKinds(summary);
  const fields = unreadFields(summary);
  const plain = (text: string): HTMLElement => h("span", {}, text);
  return [
    plain(plural(waypoints.length, "waypoint")),
    counted(plural(objects, "object"), read),
    ...(leftOut.length > 0 ? [counted(`${grouped(total(leftOut))} left out`, leftOut)] : []),
    ...(ignored.length + fields.length > 0 ? [disclosure(ignoredTitle(total(ignored), summary.unreadTotal), [...lines(ignored), ...fields])] : []),
    plain(`Istio ${release}`),
    plain(`${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`),
  ];
}

type Counts = readonly (readonly [name: string, count: number])[];

function counted(title: string, counts: Counts): HTMLElement {
  return disclosure(title, lines(counts));
}

function lines(counts: Counts): string[] {
  return counts.map(([name, count]) => `${grouped(count)} ${name}`);
}

/** What is ignored: objects, and fields of objects that are read. */
function ignoredTitle(objects: number, fields: number): string {
  const parts = [[objects, "object"] as const, [fields, "field"] as const].filter(([count]) => count > 0);
  return `${parts.map(([count, noun]) => plural(count, noun)).join(" and ")} ignored`;
}

/** The fields that nothing depends on, those that are there most often first. */
function unreadFields({ unreadFields: fields, unreadTotal }: Summary): string[] {
  const listed = fields.map(({ kind, field, count }) => `${grouped(count)} ${kind} ${field}`);
  const more = unreadTotal - fields.reduce((sum, { count }) => sum + count, 0);
  return more > 0 ? [...listed, `${grouped(more)} other fields`] : listed;
}

function ignoredKinds({ ignored }: Summary): Counts {
  const why = {
    "unknown-kind": "a kind that Istio does not read",
    "not-for-waypoints": "nothing that a waypoint depends on",
    "of-another-cluster": "read of the control plane's own cluster only",
  };
  return ignored.map(({ apiVersion, kind, why: reason, count }) => [`${kind} (${apiVersion}): ${why[reason]}`, count] as const);
}

function sorted(counts: { readonly [name: string]: number }): Counts {
  return Object.entries(counts).sort(([a], [b]) => a.localeCompare(b));
}

function total(counts: Counts): number {
  return counts.reduce((sum, [, count]) => sum + count, 0);
}

function grouped(count: number): string {
  return count.toLocaleString("en");
}

function plural(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}
