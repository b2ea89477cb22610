import { explain as rawExplain } from "./generated/waypoint_xds.js";

/**
 * What a problem's code means and what to do about it.
 *
 * @throws {@link WaypointXdsError} when there is no such code.
 */
export function explain(code: string): string {
  return rawExplain(code);
}
