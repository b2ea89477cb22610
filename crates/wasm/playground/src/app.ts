// Keeps what is edited, what was translated and what is looked at together.
import type { Fix, Maker, Place, SourceFile, TableKind, Trace, TraceCause } from "waypoint-xds";

import { YamlEditor } from "./editor/yaml.ts";
import { Engine, EngineError } from "./engine/engine.ts";
import type { Location, Outcome } from "./engine/protocol.ts";
import { NOTHING } from "./model/asked.ts";
import { EXAMPLES, loadExample } from "./model/examples.ts";
import { OpenFiles } from "./model/files.ts";
import { keep } from "./model/kept.ts";
import { LATEST, releaseOf } from "./model/releases.ts";
import type { Shared } from "./model/share.ts";
import { waypointFor } from "./model/waypoint.ts";
import { type PageParts, type TabId, page } from "./page.ts";
import { ComparePanel } from "./panels/compare.ts";
import { CostPanel } from "./panels/cost.ts";
import { Details } from "./panels/details.ts";
import { GraphPanel } from "./panels/graph.ts";
import { type Panel, type PanelEvents } from "./panels/panel.ts";
import { ProblemsPanel } from "./panels/problems.ts";
import { StatusesPanel } from "./panels/statuses.ts";
import { TablePanel } from "./panels/table.ts";
import { ZtunnelPanel } from "./panels/ztunnel.ts";
import { Saver } from "./saver.ts";
import { said } from "./said.ts";
import { h } from "./ui/dom.ts";
import { chooseFiles, takeDrops } from "./ui/drop.ts";
import { showLink } from "./ui/share.ts";

/** As long nobody types before what was typed is translated. */
const PAUSE = 120;

/** The page. */
export class App {
  readonly #engine = new Engine();
  readonly #page: PageParts;
  readonly #status: HTMLElement;
  readonly #editor: YamlEditor;
  readonly #details: Details;
  readonly #problems: ProblemsPanel;
  readonly #graph: GraphPanel;
  readonly #panels: { readonly [T in TabId]: Panel };
  readonly #files = new OpenFiles();
  /** The example that the files are, unchanged. */
  #example = "";
  #waypoint: string | undefined;
  #outcome: Outcome | undefined;
  /** What is looked at in each tab. */
  readonly #selected = new Map<TabId, Location>();
  /** Grows with everything that is looked at: answers to older questions are stale. */
  #looks = 0;
  /** Whether a reload would not lose anything. */
  #isKept = true;
  /** Whether the last translation is of the files as they are. */
  #isCurrent = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(root: HTMLElement, status: HTMLElement) {
    this.#status = status;
    const events: PanelEvents = {
      chosen: (location, origins) => void this.#choose(location, origins),
      hovered: (origins) => this.#editor.hover(origins),
      traced: (origins) => this.#showOrigins(origins),
      located: (place) => this.#goTo(place),
      addWaypoint: () => this.#include([waypointFor(this.#files.list, this.#files.freshName("waypoint"))]),
      openFiles: () => chooseFiles((files) => this.#add(files)),
      firstExample: () => void this.#openExample(EXAMPLES[0]?.id ?? ""),
    };
    this.#problems = new ProblemsPanel(events.located, (fix) => this.#mend(fix));
    this.#graph = new GraphPanel(this.#engine, {
      ...events,
      answered: (trace) => this.#showDecisive(trace),
      caused: (cause) => this.#showOrigins(makersOf(cause)),
      changed: () => this.#unlink(),
    });
    const table = (kind: TableKind): Panel => new TablePanel(this.#engine, kind, events);
    this.#panels = {
      graph: this.#graph,
      listeners: table("listeners"),
      clusters: table("clusters"),
      routes: table("routes"),
      endpoints: table("endpoints"),
      ztunnel: new ZtunnelPanel(this.#engine, events),
      statuses: new StatusesPanel(this.#engine, events),
      problems: this.#problems,
      compare: new ComparePanel(this.#engine, events, () => ({ files: this.#shared.files, options: this.#shared.options })),
      cost: new CostPanel(this.#engine),
    };
    this.#details = new Details({
      closed: () => this.#close(),
      hovered: events.hovered,
      chosen: events.traced,
      announced: (message) => this.announce(message),
    });
    const saver = new Saver(this.#engine, {
      waypoint: () => this.#waypoint,
      picture: () => this.#graph.file(),
      failed: (error) => this.#fail(error),
    });
    this.#page = page(root, this.#details.element, saver, {
      example: (id) => void this.#openExample(id),
      opened: (files) => this.#add(files),
      blank: () => this.#add([{ name: this.#files.freshName("new"), text: "" }]),
      shared: () => void this.#share(),
      fileChosen: (name) => this.#openFile(name),
      fileRemoved: (name) => this.#remove(name),
      optionsChanged: () => this.#edited(),
      waypoint: (name) => void this.#look(name),
      tab: () => void this.#look(this.#waypoint),
      escaped: () => this.#isOpen && this.#close(),
    });
    this.#editor = new YamlEditor(this.#page.editor, {
      changed: (name, text) => this.#write(name, text),
      pasted: (name, text) => void this.#pasted(name, text),
    });
    addEventListener("beforeunload", (event) => this.#isKept || event.preventDefault());
    takeDrops(document.body, (files) => this.#add(files));
    this.#page.panel.replaceChildren(this.#panels[this.#page.tabs.current].element);
  }

  /** Opens other files instead of those that are open. */
  open({ files, options, waypoint, asked }: Shared, example = ""): void {
    this.#files.replace(files);
    this.#isCurrent = false;
    this.#example = example;
    this.#isKept = true;
    this.#waypoint = waypoint;
    this.#page.options.value = options;
    this.#page.release.value = releaseOf(options.release) ?? LATEST;
    this.#page.examples.value = example;
    this.#graph.form.value = asked ?? NOTHING;
    this.#editor.reset();
    this.#selected.clear();
    this.#close();
    this.#openFile(files[0]?.name ?? "");
    void this.#translate();
  }

  /** Says something for a moment. */
  announce(message: string): void {
    this.#status.textContent = message;
    this.#status.classList.add("shown");
    setTimeout(() => this.#status.classList.remove("shown"), 4000);
  }

  async #openExample(id: string): Promise<void> {
    const example = EXAMPLES.find((example) => example.id === id);
    if (example === undefined) return;
    keep(undefined);
    this.open({ ...(await loadExample(example)), waypoint: example.waypoint }, id);
  }

  /** Adds files; those of an example make room. */
  #add(files: readonly SourceFile[]): void {
    if (files.length === 0) return this.announce("Only .yaml, .yml and .json files can be opened.");
    if (this.#example !== "") {
      this.#files.replace([]);
      this.#editor.reset();
    }
    this.#include(files);
  }

  #include(files: readonly SourceFile[]): void {
    this.#files.add(files);
    this.#edited();
    this.#openFile(files[0]?.name ?? "");
  }

  #write(name: string, text: string): void {
    this.#files.write(name, text);
    this.#edited();
  }

  /** Another snapshot was pasted over the only file: the release, and of an example name and options, belonged to the old one. */
  async #pasted(name: string, text: string): Promise<void> {
    if (this.#files.list.length > 1) return this.#write(name, text);
    if (this.#example !== "") this.#page.options.value = {};
    const pasted = this.#example === "" ? name : "pasted.yaml";
    this.#files.write(name, text, pasted);
    this.#editor.rename(pasted);
    this.#page.files.show(this.#files.names, pasted);
    this.#edited();
    try {
      const release = await this.#engine.ask("detect", { files: this.#files.list });
      if (release === this.#page.release.value) return;
      this.#page.release.value = release;
      this.#edited();
    } catch {
      // Then it is what it was: what is wrong with the text is told by its translation.
    }
  }

  #remove(name: string): void {
    this.#files.remove(name);
    this.#edited();
    this.#openFile(this.#editor.name === name ? (this.#files.names[0] ?? "") : this.#editor.name);
  }

  #openFile(name: string): void {
    const file = this.#files.get(name);
    if (file === undefined) return;
    this.#editor.open(file);
    this.#page.files.show(this.#files.names, name);
  }

  /** Something was changed: it is no longer the example, nor what the link holds. */
  #edited(): void {
    this.#isCurrent = false;
    this.#example = "";
    this.#page.examples.value = "";
    this.#isKept = false;
    this.#unlink();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#translate(), PAUSE);
  }

  /** The address no longer tells what is on the page. */
  #unlink(): void {
    if (location.hash !== "") history.replaceState(null, "", location.pathname);
  }

  async #translate(): Promise<void> {
    clearTimeout(this.#timer);
    const { options } = this.#shared;
    if (!this.#isKept) this.#isKept = keep(this.#shared);
    this.#page.results.setAttribute("aria-busy", "true");
    try {
      const files = this.#files.list;
      const outcome = await this.#engine.translate({ files, options });
      if (outcome === undefined) return;
      this.#isCurrent = files === this.#files.list;
      this.#page.fail(undefined);
      this.#show(outcome);
    } catch (error) {
      this.#fail(error);
    }
    this.#page.results.setAttribute("aria-busy", "false");
  }

  #show(outcome: Outcome): void {
    this.#outcome = outcome;
    const { waypoints, problems } = outcome;
    if (this.#waypoint === undefined || !waypoints.includes(this.#waypoint)) this.#waypoint = waypoints[0];
    const options = waypoints.map((name) => h("option", { value: name, selected: name === this.#waypoint }, name));
    this.#page.waypoints.replaceChildren(...(options.length > 0 ? options : [h("option", { value: "" }, "no waypoint")]));
    this.#page.waypoints.disabled = waypoints.length === 0;
    const worst = problems.some(({ severity }) => severity === "error") ? "error" : problems.some(({ severity }) => severity === "warning") ? "warning" : "";
    this.#page.tabs.count("problems", problems.length || undefined, worst);
    this.#page.said.replaceChildren(...said(outcome));
    this.#problems.show(problems);
    this.#editor.showProblems(problems);
    void this.#look(this.#waypoint);
  }

  async #look(waypoint: string | undefined): Promise<void> {
    this.#waypoint = waypoint;
    // What closes takes lines out of the light that the panel puts into it when it is asked again.
    if (!this.#isOpen) this.#close();
    await this.#refresh();
    const selected = this.#selected.get(this.#page.tabs.current);
    if (selected !== undefined) await this.#choose(selected, undefined);
  }

  async #refresh(): Promise<void> {
    const look = ++this.#looks;
    const panel = this.#panels[this.#page.tabs.current];
    if (this.#page.panel.firstChild !== panel.element) this.#page.panel.replaceChildren(panel.element);
    if (this.#outcome === undefined) return;
    try {
      await panel.refresh({ waypoint: this.#waypoint, selected: this.#selected.get(this.#page.tabs.current), isStale: () => look !== this.#looks });
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Shows a resource. Without origins it is shown again, because something else has changed. */
  async #choose(location: Location, origins: readonly Maker[] | undefined): Promise<void> {
    const [waypoint, tab] = [this.#waypoint, this.#page.tabs.current];
    this.#selected.set(tab, location);
    const shown = await this.#engine.ask("show", { waypoint, location });
    if (this.#selected.get(tab) !== location || this.#page.tabs.current !== tab) return;
    if (shown === undefined) return this.#close();
    this.#details.show(shown);
    this.#page.results.classList.add("detailed");
    this.#panels[this.#page.tabs.current].select?.(location);
    if (origins === undefined) this.#editor.showOrigins(shown.origins);
    else this.#showOrigins(origins.length > 0 ? origins : shown.origins);
  }

  /** Highlights objects in the editor, and goes to the first. */
  #showOrigins(origins: readonly Maker[]): void {
    const [first] = origins;
    if (first?.file !== undefined && first.file !== this.#editor.name) this.#openFile(first.file);
    this.#editor.showOrigins(origins);
    if (first?.line !== undefined) this.#editor.reveal(first.line);
  }

  /** Highlights the lines that decided what comes of a request, and goes there unless somebody edits. */
  #showDecisive(trace: Trace | undefined): void {
    if (this.#isOpen) return;
    const deciding = trace?.steps.findLast(({ decision }) => decision === "denied" || decision === "failed");
    const makers = [trace?.decidedBy, ...(deciding?.details ?? []).map(({ because }) => because)].flatMap(makersOf);
    if (this.#page.editor.contains(document.activeElement)) this.#editor.showOrigins(makers);
    else this.#showOrigins(makers);
  }

  #goTo(place: Place): void {
    if (place.file !== this.#editor.name) this.#openFile(place.file);
    this.#editor.select(place);
  }

  get #isOpen(): boolean {
    return this.#selected.has(this.#page.tabs.current);
  }

  /** Mends the files, unless they have changed since they were translated. */
  #mend({ replacements }: Fix): void {
    if (!this.#isCurrent) return;
    for (const name of new Set(replacements.map(({ place }) => place.file))) {
      this.#openFile(name);
      if (this.#editor.name === name) this.#editor.mend(replacements.filter(({ place }) => place.file === name));
    }
  }

  #close(): void {
    this.#selected.delete(this.#page.tabs.current);
    this.#details.show(undefined);
    this.#page.results.classList.remove("detailed");
    this.#editor.showOrigins([]);
    this.#panels[this.#page.tabs.current].select?.(undefined);
  }

  async #share(): Promise<void> {
    await showLink(this.#shared, (message) => this.announce(message));
  }

  /** What is edited, with what is chosen. */
  get #shared(): Shared {
    const options = { ...this.#page.options.value, release: this.#page.release.value };
    return { files: this.#files.list, options, waypoint: this.#waypoint, asked: this.#graph.form.value };
  }

  #fail(error: unknown): void {
    this.#page.fail(error instanceof EngineError ? `${error.message} (${error.code})` : String(error));
  }
}

/** What decided, as what made something; nothing where it stands nowhere. */
function makersOf(cause: TraceCause | null | undefined): Maker[] {
  if (cause?.place == null) return [];
  const { kind, namespace, name, field, place } = cause;
  return [{ kind, namespace, name, field, ...place }];
}
