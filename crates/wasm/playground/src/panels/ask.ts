// One request: a form, the verdict, and the way.
import type { Trace, TraceCause, TraceStep } from "waypoint-xds";

import { EngineError, type Engine } from "../engine/engine.ts";
import { AskError, type Asked, NOTHING, requestOf } from "../model/asked.ts";
import "./ask.css";
import { h, uniqueId } from "../ui/dom.ts";
import { marked } from "../ui/marked.ts";

/** As long nobody types before what was typed is asked. */
const PAUSE = 200;

const SIGNS: { readonly [D in TraceStep["decision"]]: string } = {
  passed: "✓",
  taken: "✓",
  skipped: "-",
  denied: "✗",
  failed: "✗",
  answered: "↩",
  unknown: "?",
};

/** What happens in it. */
export interface AskEvents {
  /** A request was traced, or none can be. */
  answered(trace: Trace | undefined): void;
  /** Something that decided was chosen. */
  caused(cause: TraceCause): void;
  /** Something else stands in the form. */
  changed(): void;
}

/** The form beside the picture. */
export class AskForm {
  readonly element: HTMLElement;
  readonly #engine: Engine;
  readonly #events: AskEvents;
  readonly #from = field("web/front, sa/front.web, outside");
  readonly #to = field("cart.shop:80");
  readonly #method = field("GET", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");
  readonly #path = field("/");
  readonly #headers = h("textarea", { rows: 2, spellcheck: "false", placeholder: "canary: 1" });
  readonly #claims = h("textarea", { rows: 2, spellcheck: "false", placeholder: '{"iss": "https://id.example", "sub": "anna"}' });
  readonly #hosts = h("datalist", { id: uniqueId("hosts") });
  readonly #verdict = h("div", { class: "verdict", role: "status" });
  readonly #way = h("ol", { class: "way", "aria-label": "The way" });
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asks = 0;

  constructor(engine: Engine, events: AskEvents) {
    this.#engine = engine;
    this.#events = events;
    this.#to.input.setAttribute("list", this.#hosts.id);
    const row = (label: string, child: HTMLElement): HTMLElement => h("label", {}, h("span", {}, label), child);
    const form = h(
      "form",
      { class: "ask-form", "aria-label": "Request", oninput: () => this.#soon(), onsubmit: (event) => this.#submit(event) },
      row("From", this.#from.element),
      row("To", this.#to.element),
      h("div", { class: "ask-line" }, row("Method", this.#method.element), row("Path", this.#path.element)),
      row("Headers", this.#headers),
      row("Claims of its token", this.#claims),
      this.#hosts,
    );
    this.element = h("aside", { class: "ask", "aria-label": "What comes of a request" }, form, this.#verdict, this.#way);
    this.value = NOTHING;
  }

  /** What stands in the form. */
  get value(): Asked {
    return {
      from: this.#from.input.value,
      to: this.#to.input.value,
      method: this.#method.input.value,
      path: this.#path.input.value,
      headers: this.#headers.value,
      claims: this.#claims.value,
    };
  }

  set value({ from, to, method, path, headers, claims }: Asked) {
    this.#from.input.value = from;
    this.#to.input.value = to;
    this.#method.input.value = method;
    this.#path.input.value = path;
    this.#headers.value = headers;
    this.#claims.value = claims;
  }

  /** The Services that can be asked. */
  offer(hosts: readonly string[]): void {
    this.#hosts.replaceChildren(...hosts.map((host) => h("option", { value: host })));
  }

  /** Asks again: something else was translated. */
  async ask(): Promise<void> {
    clearTimeout(this.#timer);
    const ask = ++this.#asks;
    try {
      const request = requestOf(this.value);
      const trace = request === undefined ? undefined : await this.#engine.ask("trace", request);
      if (ask === this.#asks) this.#show(trace);
    } catch (error) {
      if (ask !== this.#asks) return;
      this.#show(undefined);
      if (!(error instanceof EngineError || error instanceof AskError)) throw error;
      this.#verdict.replaceChildren(h("p", { class: "verdict-line failed" }, ...marked(error.message)));
    }
  }

  #submit(event: Event): void {
    event.preventDefault();
    void this.ask();
  }

  #soon(): void {
    this.#events.changed();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.ask(), PAUSE);
  }

  #show(trace: Trace | undefined): void {
    this.#events.answered(trace);
    if (trace === undefined) {
      this.#verdict.replaceChildren(h("p", { class: "hint" }, "Who asks whom? Then what comes of it, and which line says so."));
      this.#way.replaceChildren();
      return;
    }
    // The verdicts stand before the way, which is indented.
    const lines = trace.text.split("\n");
    const verdicts = lines.slice(0, Math.max(1, trace.outcomes.length));
    this.#verdict.replaceChildren(
      ...verdicts.map((line, at) => h("p", { class: `verdict-line ${trace.outcomes[at]?.verdict ?? trace.verdict}` }, ...marked(line))),
      ...trace.caveats.map((caveat) => h("p", { class: "hint" }, ...marked(caveat))),
      this.#cause(trace.decidedBy) ?? "",
    );
    this.#way.replaceChildren(...trace.steps.map((step) => this.#step(step)));
  }

  #step({ at, what, text, decision, because = [], details = [] }: TraceStep): HTMLElement {
    const all = details.map(({ fits, text, because }) =>
      h("li", { class: fits === true ? "passed" : "" }, fits === null ? "? " : fits ? "✓ " : "✗ ", ...marked(text), " ", this.#cause(because)),
    );
    return h(
      "li",
      { class: `step ${decision}` },
      h("span", { class: "step-sign", "aria-label": decision }, SIGNS[decision]),
      h(
        "div",
        {},
        h("span", { class: "step-what" }, `${at}: ${what} `),
        ...marked(text),
        " ",
        this.#cause(because[0]),
        all.length > 0 && h("details", { open: decision === "denied" || decision === "failed" }, h("summary", {}, `${all.length} looked at`), h("ul", {}, ...all)),
      ),
    );
  }

  #cause(cause: TraceCause | null | undefined): HTMLElement | undefined {
    if (cause?.place == null) return undefined;
    const { kind, namespace, name, place } = cause;
    const title = `${kind} ${namespace === "" ? "" : `${namespace}/`}${name}`;
    return h("button", { type: "button", class: "chip", title, onclick: () => this.#events.caused(cause) }, name, h("span", { class: "chip-place" }, `line ${place.line}`));
  }
}

/** A line to type into, with words to choose from. */
function field(placeholder: string, ...words: readonly string[]): { element: HTMLElement; input: HTMLInputElement } {
  const input = h("input", { type: "text", placeholder, spellcheck: "false", autocomplete: "off", autocapitalize: "off" });
  if (words.length === 0) return { element: input, input };
  const list = h("datalist", { id: uniqueId("words") }, ...words.map((value) => h("option", { value })));
  input.setAttribute("list", list.id);
  return { element: h("span", { class: "ask-words" }, input, list), input };
}
