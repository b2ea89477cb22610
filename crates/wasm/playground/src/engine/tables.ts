// Tables, with what made each row.
import type { Graph, ResourceLocation, Maker, TableKind, Waypoint } from "waypoint-xds";

import type { LocatedTable } from "./protocol.ts";

/** The table of a kind of resources. */
export function locatedTable(waypoint: Waypoint, graph: Graph, kind: TableKind): LocatedTable {
  const { header, rows, locations = [] } = waypoint.table(kind);
  const makers = new Map<string, readonly Maker[]>();
  for (const { name, origins } of waypoint[kind]) makers.set(key({ kind, name, pointer: "" }), origins[0]?.objects ?? []);
  for (const { resource, origins } of graph.nodes) if (resource !== null) makers.set(key(resource), origins);
  const origins = locations.map((location) => (location === null ? [] : (makers.get(key(location)) ?? [])));
  return { header, rows, locations, origins };
}

function key({ kind, name, pointer }: ResourceLocation): string {
  return `${kind} ${name} ${pointer}`;
}
