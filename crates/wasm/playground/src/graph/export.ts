// The picture as a file of its own.
import { svg } from "../ui/dom.ts";
import type { Layout } from "./layout.ts";
import { draw } from "./draw.ts";
import style from "./graph.css?inline";

const PROPERTIES = [
  "--sans", "--text", "--muted", "--border", "--raised", "--line", "--accent", "--error", "--focus", "--code-background",
  "--kind-listener", "--kind-chain", "--kind-route", "--kind-cluster", "--kind-endpoint", "--kind-policy",
];

const MARGIN = 24;

/** The text of an SVG file in the page's present colours. */
export function exported(layout: Layout, title: string): string {
  const page = getComputedStyle(document.documentElement);
  const colours = PROPERTIES.map((name) => `${name}:${page.getPropertyValue(name)}`).join(";");
  const [width, height] = [layout.width + 2 * MARGIN, layout.height + 2 * MARGIN];
  const root = svg(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", class: "graph", width, height, viewBox: `${-MARGIN} ${-MARGIN} ${width} ${height}` },
    svg("title", {}, title),
    svg("style", {}, `svg{${colours}}${style}`),
    svg("rect", { x: -MARGIN, y: -MARGIN, width, height, fill: page.getPropertyValue("--code-background") }),
    draw(layout).element,
  );
  for (const box of root.querySelectorAll("[tabindex]")) box.removeAttribute("tabindex");
  return new XMLSerializer().serializeToString(root);
}
