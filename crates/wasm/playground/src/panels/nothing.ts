// What is shown where there is no waypoint: why, and what to do next.
import { h } from "../ui/dom.ts";
import { icon } from "../ui/icons.ts";

/** What can be done next. */
export interface NextSteps {
  /** A waypoint should be added to the snapshot. */
  addWaypoint(): void;
  /** Files should be chosen. */
  openFiles(): void;
  /** The first example should be opened. */
  firstExample(): void;
}

/** The empty state. */
export function nothing(steps: NextSteps): HTMLElement {
  const code = (text: string): HTMLElement => h("code", {}, text);
  return h(
    "div",
    { class: "empty-state", hidden: true },
    h("h3", {}, "There is no waypoint in this snapshot."),
    h("p", {}, "A Gateway of class ", code("istio-waypoint"), " is one. Services, workloads and Namespaces use it by the label ", code("istio.io/use-waypoint"), ". Paste what ", code("kubectl get -o yaml"), " prints over the text, or:"),
    h(
      "div",
      { class: "empty-buttons" },
      h("button", { type: "button", class: "primary", onclick: () => steps.addWaypoint() }, icon("plus"), "Add a waypoint"),
      h("button", { type: "button", class: "ghost", onclick: () => steps.openFiles() }, icon("open"), "Open files"),
      h("button", { type: "button", class: "ghost", onclick: () => steps.firstExample() }, "Look at an example"),
    ),
  );
}
