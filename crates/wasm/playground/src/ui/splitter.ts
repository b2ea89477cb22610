// A line between two areas that can be moved, with the pointer or with arrow keys.
import { h } from "./dom.ts";

/** What a splitter divides. */
export interface Split {
  readonly label: string;
  /** Which way the areas lie. */
  readonly direction: "row" | "column";
  /** The element whose custom property holds the first area's share, in percent. */
  readonly container: HTMLElement;
  readonly property: string;
  readonly initial: number;
}

const SMALLEST = 15;
const LARGEST = 85;
const STEP = 4;

/** Makes a splitter. */
export function splitter({ label, direction, container, property, initial }: Split): HTMLElement {
  let share = initial;
  const isRow = direction === "row";
  const set = (wanted: number): void => {
    share = Math.min(LARGEST, Math.max(SMALLEST, wanted));
    container.style.setProperty(property, `${share}%`);
    element.setAttribute("aria-valuenow", String(Math.round(share)));
  };
  const element = h("div", {
    class: `splitter ${direction}`,
    role: "separator",
    tabindex: 0,
    "aria-label": label,
    "aria-orientation": isRow ? "vertical" : "horizontal",
    "aria-valuemin": SMALLEST,
    "aria-valuemax": LARGEST,
    onpointerdown: (event) => {
      event.preventDefault();
      element.setPointerCapture(event.pointerId);
    },
    onpointermove: (event) => {
      if (!element.hasPointerCapture(event.pointerId)) return;
      const { left, top, width, height } = container.getBoundingClientRect();
      set(isRow ? ((event.clientX - left) * 100) / width : ((event.clientY - top) * 100) / height);
    },
    ondblclick: () => set(initial),
    onkeydown: (event) => {
      const less = isRow ? "ArrowLeft" : "ArrowUp";
      const more = isRow ? "ArrowRight" : "ArrowDown";
      if (event.key !== less && event.key !== more) return;
      event.preventDefault();
      set(share + (event.key === less ? -STEP : STEP));
    },
  });
  set(initial);
  return element;
}
