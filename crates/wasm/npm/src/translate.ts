import { WaypointXdsError } from "./error.js";
import { cost as rawCost, costSvg as rawCostSvg, releases as rawReleases, translate as rawTranslate } from "./generated/waypoint_xds.js";
import { parse } from "./parse.js";
import { rawSnapshot, type Snapshot } from "./snapshot.js";
import { newTranslation, type Translation } from "./translation.js";
import type { Cost, CostOptions, CostRule, Options, Release } from "./types.js";

/** Every known release, the oldest first. */
export function releases(): readonly Release[] {
  return parse(rawReleases());
}

/**
 * Translates a snapshot: what Istio's control plane would send each waypoint. The same snapshot gives the same result,
 * whatever the order of its objects. A problem with one object never loses the rest: see {@link Translation.problems}.
 *
 * @throws {@link WaypointXdsError} when an option is not one of those expected, or there is no such waypoint.
 */
export function translate(snapshot: Snapshot, options: Options = {}): Translation {
  return newTranslation(rawTranslate(rawSnapshot(snapshot), toSettings(options)));
}

/**
 * What distributing configuration costs, with sidecars and with waypoints.
 *
 * @throws {@link WaypointXdsError} when an option is not one of those expected.
 */
export function cost(snapshot: Snapshot, options: CostOptions = {}): Cost {
  const { rule, replicas, settings } = checked(options);
  return parse(rawCost(rawSnapshot(snapshot), settings, rule, replicas));
}

/**
 * The same as a picture, the text of an SVG file: proxies with the configurations that each holds, and which of them get a push when
 * one Service changes.
 *
 * @throws {@link WaypointXdsError} when an option is not one of those expected.
 */
export function costSvg(snapshot: Snapshot, options: CostOptions = {}): string {
  const { rule, replicas, settings } = checked(options);
  return rawCostSvg(rawSnapshot(snapshot), settings, rule, replicas);
}

function checked({ rule, replicas, ...settings }: CostOptions): { rule: CostRule | undefined; replicas: number | undefined; settings: string } {
  if (replicas !== undefined && !(Number.isInteger(replicas) && replicas >= 0 && replicas < 2 ** 32)) {
    throw new WaypointXdsError("invalid-options", `replicas: expected a whole number, found ${String(replicas)}`);
  }
  return { rule, replicas, settings: toSettings(settings) };
}

/** Options as JSON. Whoever has no TypeScript may give a number for a release: 1.30 is 1.3 then. */
function toSettings(options: Options): string {
  const release: unknown = options?.release;
  if (typeof release === "number") {
    const meant = releases().find((known) => Number(known) === release) ?? releases().at(-1);
    throw new WaypointXdsError("unknown-release", `a release is a text, and ${release} is a number: write release: "${meant}"`);
  }
  return JSON.stringify(options);
}
