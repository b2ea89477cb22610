// An object that made something, as a button that leads to its line.
import type { Maker } from "waypoint-xds";

import { h } from "./dom.ts";

/** What happens to chips. */
export interface ChipEvents {
  /** These objects should be highlighted; none any more for an empty list. */
  hovered(origins: readonly Maker[]): void;
  /** These should be shown. */
  chosen(origins: readonly Maker[]): void;
}

/** The chip of an object. */
export function chip(maker: Maker, events: ChipEvents): HTMLElement {
  const { kind, namespace, name, field, file, line } = maker;
  const marks = [maker.assumed === true && "assumed", maker.assumedAddress === true && "assumed address"];
  const place = [line !== undefined && `line ${line}`, ...marks].filter(Boolean).join(", ");
  const title = [field, file === undefined ? undefined : `${file}:${line}`].filter((part) => part !== undefined && part !== "").join(" · ");
  return h(
    "button",
    {
      type: "button",
      class: "chip",
      title,
      onclick: () => events.chosen([maker]),
      onpointerenter: () => events.hovered([maker]),
      onpointerleave: () => events.hovered([]),
      onfocus: () => events.hovered([maker]),
      onblur: () => events.hovered([]),
    },
    h("span", { class: "chip-kind" }, kind),
    `${namespace === "" ? "" : `${namespace}/`}${name}`,
    h("span", { class: "chip-place" }, place),
  );
}
