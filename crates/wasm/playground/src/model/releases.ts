// The releases that can be chosen.
import type { Release } from "waypoint-xds";

/** Every release, the newest first: the compiler says so if the package knows another. */
const ALL: Readonly<Record<Release, true>> = { "1.31": true, "1.30": true, "1.29": true, "1.18": true };

/** Every release, the newest first. */
export const RELEASES = Object.keys(ALL).sort((a, b) => b.localeCompare(a, "en", { numeric: true })) as readonly Release[];

/** The newest release. */
export const LATEST: Release = RELEASES[0] ?? "1.31";

/** The release that a text names, a patch of one included. */
export function releaseOf(text: string | undefined): Release | undefined {
  return RELEASES.find((release) => text === release || text?.startsWith(`${release}.`) === true);
}
