// The way of a request in the picture.
import type { Trace } from "waypoint-xds";

import type { Layout } from "./layout.ts";

/** The boxes on the way of a request: those whose resources, or parts of them, it went through, and the endpoints that it may reach. */
export function wayOf(trace: Trace, layout: Layout): ReadonlySet<string> {
  const steps = trace.steps.flatMap(({ resource, decision }) => (resource === undefined || decision === "skipped" ? [] : [resource]));
  const addresses = new Set(trace.destinations.flatMap(({ endpoints }) => endpoints.map(({ address }) => address)));
  const on = new Set<string>();
  for (const { box } of layout.boxes) {
    const { location } = box;
    if (location === null || box.kind === "endpoint" || box.kind === "endpoints") continue;
    const passed = steps.some(({ name, pointer }) => name === location.name && (pointer === location.pointer || pointer.startsWith(`${location.pointer}/`)));
    if (passed) on.add(box.id);
  }
  for (const { box } of layout.boxes) {
    const leads = layout.lines.some(({ from, to }) => to === box.id && on.has(from));
    const isReached = box.kind === "endpoints" ? addresses.size > 0 : box.kind === "endpoint" && addresses.has(box.title);
    if (leads && isReached) on.add(box.id);
  }
  return on;
}
