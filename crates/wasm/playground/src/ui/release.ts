// The releases, as one switch.
import type { Release } from "waypoint-xds";

import { LATEST, RELEASES } from "../model/releases.ts";
import { Switch } from "./switch.ts";

/** The switch of releases. */
export function releaseSwitch(changed: () => void): Switch<Release> {
  return new Switch("Istio", RELEASES.map((release) => [release, release] as const), LATEST, changed);
}
