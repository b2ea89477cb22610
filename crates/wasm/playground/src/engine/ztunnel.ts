// What ztunnel gets, as tables and as JSON.
import { type JsonValue, type Translation, WaypointXdsError, type ZtunnelKind } from "waypoint-xds";

import { print } from "./json.ts";
import type { LocatedZtunnel, Shown, ZtunnelLocation } from "./protocol.ts";

/** The table of a kind of resources. */
export function ztunnelTable(translation: Translation, kind: ZtunnelKind): LocatedZtunnel {
  try {
    const names = resources(translation, kind).map((resource): ZtunnelLocation => ({ kind, name: nameOf(kind, resource), pointer: "" }));
    return { ...translation.ztunnelTable(kind), locations: names };
  } catch (error) {
    if (error instanceof WaypointXdsError && error.code === "unknown-ztunnel") return { unknown: error.message };
    throw error;
  }
}

/** The JSON of one; `undefined` if it is not there (any more). */
export function showZtunnel(translation: Translation, location: ZtunnelLocation): Shown | undefined {
  const { kind, name } = location;
  const table = ztunnelTable(translation, kind);
  if ("unknown" in table) return undefined;
  const row = table.locations.findIndex((found) => found.name === name);
  const resource = resources(translation, kind)[row];
  if (resource === undefined) return undefined;
  const { text } = print(resource as JsonValue, new Set());
  const origins = table.origins[row] ?? [];
  const focus = { from: 0, to: text.length };
  return { location, text, focus, parts: [{ ...focus, origins }], origins };
}

/** What the names of resources are made of. */
interface Named {
  readonly uid?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly hostname?: string;
}

function resources(translation: Translation, kind: ZtunnelKind): readonly Named[] {
  return translation.ztunnel[kind];
}

/** The name by which ztunnel asks for a resource. */
function nameOf(kind: ZtunnelKind, { uid = "", namespace = "", name = "", hostname = "" }: Named): string {
  return { workloads: uid, services: `${namespace}/${hostname}`, policies: `${namespace}/${name}` }[kind];
}
