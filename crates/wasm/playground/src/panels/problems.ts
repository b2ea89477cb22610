// Everything that is wrong with the snapshot, as a list.
import type { Fix, ObjectRef, Place, Problem, Related } from "waypoint-xds";

import { h } from "../ui/dom.ts";
import { icon } from "../ui/icons.ts";
import { marked } from "../ui/marked.ts";
import type { Panel } from "./panel.ts";

/** As many are listed: nobody reads more, and the page stays quick. */
const LISTED = 500;

/** The list of problems. */
export class ProblemsPanel implements Panel {
  readonly element = h("div", { class: "panel problems-panel" });
  readonly #goTo: (place: Place) => void;
  readonly #mend: (fix: Fix) => void;

  constructor(goTo: (place: Place) => void, mend: (fix: Fix) => void) {
    this.#goTo = goTo;
    this.#mend = mend;
  }

  refresh(): Promise<void> {
    return Promise.resolve();
  }

  show(problems: readonly Problem[]): void {
    if (problems.length === 0) {
      this.element.replaceChildren(h("p", { class: "empty" }, "Nothing is wrong with this snapshot."));
      return;
    }
    const rest = problems.length - LISTED;
    const items = problems.slice(0, LISTED).map((problem) => h("li", {}, this.#item(problem)));
    const list = h("ul", { class: "problems", "aria-label": "Problems" }, ...items);
    this.element.replaceChildren(list, ...(rest > 0 ? [h("p", { class: "empty" }, `and ${rest.toLocaleString("en")} more`)] : []));
  }

  #item(problem: Problem): HTMLElement {
    const { severity, message, code, help, object, field, place, related, fix } = problem;
    const where = place === null ? "" : `${place.file}:${place.line}:${place.column}`;
    const about = named(object, field);
    const content = [
      h("span", { class: `severity ${severity}` }, icon(severity), h("span", { class: "sr-only" }, severity)),
      h(
        "span",
        { class: "problem-text" },
        h("span", { class: "problem-message" }, ...marked(message), " ", h("code", { class: "problem-code" }, code)),
        help !== null && h("span", { class: "help" }, ...marked(help)),
        ...related.map((other) => h("span", { class: "help" }, ...marked(seeAlso(other)))),
        h("span", { class: "problem-where" }, [where, about].filter((text) => text !== "").join(" · ")),
      ),
    ];
    const said =
      place === null
        ? h("div", { class: "problem" }, ...content)
        : h("button", { type: "button", class: "problem", onclick: () => this.#goTo(place) }, ...content);
    const mends = fix !== null && fix.replacements.length > 0;
    const mend = mends && h("button", { type: "button", class: "mend", onclick: () => this.#mend(fix) }, icon("mend"), ...marked(fix.message));
    return h("div", { class: "problem-row" }, said, mend);
  }
}

/** An object and a field of it, as people name them. */
function named(object: ObjectRef | null, field: string): string {
  if (object === null) return field;
  const { kind, namespace, name } = object;
  return `${kind} ${namespace === "" ? "" : `${namespace}/`}${name}${field === "" ? "" : `, ${field}`}`;
}

/** What else has to do with a problem, and where it stands. */
function seeAlso({ place, object, field, message }: Related): string {
  const where = place === null ? named(object, field) : `${place.file}:${place.line}`;
  return where === "" ? message : `${message}: ${where}`;
}
