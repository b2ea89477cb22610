// What leads to a box, and where it leads.
import type { Drawing } from "./draw.ts";

/** Lights up the ways through a box; none for `undefined`. */
export function trace(svg: SVGSVGElement, drawing: Drawing, id: string | undefined): void {
  const after = id === undefined ? new Set<string>() : reached(drawing, id, "from", "to");
  const before = id === undefined ? new Set<string>() : reached(drawing, id, "to", "from");
  const lit = new Set([...after, ...before]);
  svg.classList.toggle("tracing", lit.size > 1);
  for (const [box, element] of drawing.boxes) element.classList.toggle("lit", lit.has(box));
  for (const { line, element } of drawing.lines) {
    const isOn = (after.has(line.from) && after.has(line.to)) || (before.has(line.from) && before.has(line.to));
    element.classList.toggle("lit", isOn);
  }
}

function reached(drawing: Drawing, id: string, near: "from" | "to", far: "from" | "to"): Set<string> {
  const seen = new Set([id]);
  for (const at of seen) for (const { line } of drawing.lines) if (line[near] === at) seen.add(line[far]);
  return seen;
}
