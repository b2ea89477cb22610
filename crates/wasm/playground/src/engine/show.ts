// A resource's JSON with what made its parts.
import type { Graph, ResourceLocation, JsonValue, Maker, Resource, Waypoint } from "waypoint-xds";

import { print } from "./json.ts";
import type { Part, Shown } from "./protocol.ts";

/** The JSON at a location; `undefined` if nothing is there (any more). */
export function show(waypoint: Waypoint, graph: Graph, location: ResourceLocation): Shown | undefined {
  const resource = waypoint[location.kind].find((resource) => resource.name === location.name);
  if (resource === undefined) return undefined;
  const makers = makersByPointer(graph, location, resource);
  const { text, stretches } = print(resource.toObject() as JsonValue, new Set([...makers.keys(), location.pointer]));
  const focus = stretches.get(location.pointer);
  if (focus === undefined) return undefined;
  const parts: Part[] = [];
  for (const [pointer, origins] of makers) {
    const stretch = stretches.get(pointer);
    if (stretch !== undefined && origins.length > 0) parts.push({ ...stretch, origins });
  }
  return { location, text, focus, parts, origins: closest(makers, location.pointer) };
}

/** What made the parts of a resource: the graph knows where each part is. */
function makersByPointer(graph: Graph, { kind, name }: ResourceLocation, resource: Resource): Map<string, readonly Maker[]> {
  const makers = new Map<string, readonly Maker[]>();
  const whole = resource.origins.find((origin) => origin.filterChain === undefined);
  makers.set("", whole?.objects ?? []);
  for (const node of graph.nodes) {
    if (node.resource?.kind === kind && node.resource.name === name) makers.set(node.resource.pointer, node.origins);
    for (const { resource, origins } of node.attached ?? []) if (resource.kind === kind && resource.name === name) makers.set(resource.pointer, origins);
  }
  return makers;
}

/** What made the part at a pointer, or the smallest part around it of which that is known. */
function closest(makers: ReadonlyMap<string, readonly Maker[]>, pointer: string): readonly Maker[] {
  for (let at = pointer; ; at = at.slice(0, at.lastIndexOf("/"))) {
    const found = makers.get(at);
    if (found !== undefined && found.length > 0) return found;
    if (at === "") return [];
  }
}
