// The mark: one way in, two ways on.
import { svg } from "./dom.ts";

/** The mark as SVG, in the accent's colour. */
export function logo(): SVGSVGElement {
  return svg(
    "svg",
    { viewBox: "0 0 32 32", class: "logo", "aria-hidden": "true" },
    svg("rect", { width: 32, height: 32, rx: 8 }),
    svg("path", { d: "M6 16h6m8-7h6m-6 14h6M12 16c5 0 3-7 8-7m-8 7c5 0 3 7 8 7" }),
    svg("circle", { cx: 12, cy: 16, r: 3.4 }),
  );
}
