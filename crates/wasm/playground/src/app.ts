// Keeps what is edited, what was translated and what is looked at together.
import type { ResourceLocation, Maker, Place, SourceFile, TableKind, Trace, TraceCause } from "waypoint-xds";

import { YamlEditor } from "./editor/yaml.ts";
import { Engine, EngineError } from "./engine/engine.ts";
import type { Outcome } from "./engine/protocol.ts";
import { NOTHING } from "./model/asked.ts";
import { EXAMPLES, loadExample } from "./model/examples.ts";
import { LATEST, releaseOf } from "./model/releases.ts";
import type { Shared } from "./model/share.ts";
import { type PageParts, type TabId, page } from "./page.ts";
import { CostPanel } from "./panels/cost.ts";
import { Details } from "./panels/details.ts";
import { GraphPanel } from "./panels/graph.ts";
import { type Panel, type PanelEvents } from "./panels/panel.ts";
import { ProblemsPanel } from "./panels/problems.ts";
import { TablePanel } from "./panels/table.ts";
import { Saver } from "./saver.ts";
import { said } from "./said.ts";
import { h } from "./ui/dom.ts";
import { takeDrops } from "./ui/drop.ts";
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
  #files: SourceFile[] = [];
  /** The example that the files are, unchanged. */
  #example = "";
  #waypoint: string | undefined;
  #outcome: Outcome | undefined;
  #selected: ResourceLocation | undefined;
  /** Grows with everything that is looked at: answers to older questions are stale. */
  #looks = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(root: HTMLElement, status: HTMLElement) {
    this.#status = status;
    const events: PanelEvents = {
      chosen: (location, origins) => void this.#choose(location, origins),
      hovered: (origins) => this.#editor.hover(origins),
    };
    this.#problems = new ProblemsPanel((place) => this.#goTo(place));
    this.#graph = new GraphPanel(this.#engine, {
      ...events,
      traced: (trace) => this.#showDecisive(trace),
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
      problems: this.#problems,
      cost: new CostPanel(this.#engine),
    };
    this.#details = new Details({
      closed: () => this.#close(),
      hovered: events.hovered,
      chosen: (origins) => this.#showOrigins(origins),
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
      blank: () => this.#add([{ name: this.#freshName(), text: "" }]),
      shared: () => void this.#share(),
      fileChosen: (name) => this.#openFile(name),
      fileRemoved: (name) => this.#remove(name),
      optionsChanged: () => this.#edited(),
      waypoint: (name) => void this.#look(name),
      tab: () => void this.#refresh(),
    });
    this.#editor = new YamlEditor(this.#page.editor, (name, text) => {
      this.#files = this.#files.map((file) => (file.name === name ? { name, text } : file));
      this.#edited();
    });
    takeDrops(document.body, (files) => this.#add(files));
    this.#page.panel.replaceChildren(this.#panels[this.#page.tabs.current].element);
  }

  /** Opens other files instead of those that are open. */
  open({ files, options, waypoint, asked }: Shared, example = ""): void {
    this.#files = [...files];
    this.#example = example;
    this.#waypoint = waypoint;
    this.#page.options.value = options;
    this.#page.release.value = releaseOf(options.release) ?? LATEST;
    this.#page.examples.value = example;
    this.#graph.form.value = asked ?? NOTHING;
    this.#editor.reset();
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
    if (example !== undefined) this.open({ ...(await loadExample(example)), waypoint: example.waypoint }, id);
  }

  /** Adds files; those of an example make room. */
  #add(files: readonly SourceFile[]): void {
    const [first] = files;
    if (first === undefined) return this.announce("Only .yaml, .yml and .json files can be opened.");
    const isExample = this.#example !== "";
    const added = new Set(files.map(({ name }) => name));
    this.#files = [...(isExample ? [] : this.#files.filter(({ name }) => !added.has(name))), ...files];
    if (isExample) this.#editor.reset();
    this.#edited();
    this.#openFile(first.name);
  }

  #remove(name: string): void {
    this.#files = this.#files.filter((file) => file.name !== name);
    this.#edited();
    this.#openFile(this.#editor.name === name ? (this.#files[0]?.name ?? "") : this.#editor.name);
  }

  #openFile(name: string): void {
    const file = this.#files.find((file) => file.name === name);
    if (file === undefined) return;
    this.#editor.open(file);
    this.#page.files.show(this.#files.map(({ name }) => name), name);
  }

  #freshName(): string {
    const names = new Set(this.#files.map(({ name }) => name));
    let number = 1;
    while (names.has(`new-${number}.yaml`)) number++;
    return `new-${number}.yaml`;
  }

  /** Something was changed: it is no longer the example, nor what the link holds. */
  #edited(): void {
    this.#example = "";
    this.#page.examples.value = "";
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
    const options = { ...this.#page.options.value, release: this.#page.release.value };
    this.#page.results.setAttribute("aria-busy", "true");
    try {
      const outcome = await this.#engine.translate({ files: this.#files, options });
      if (outcome === undefined) return;
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
    await this.#refresh();
    if (this.#selected !== undefined) await this.#choose(this.#selected, undefined);
  }

  async #refresh(): Promise<void> {
    const look = ++this.#looks;
    const panel = this.#panels[this.#page.tabs.current];
    if (this.#page.panel.firstChild !== panel.element) this.#page.panel.replaceChildren(panel.element);
    if (this.#outcome === undefined) return;
    try {
      await panel.refresh({ waypoint: this.#waypoint, selected: this.#selected, isStale: () => look !== this.#looks });
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Shows a resource. Without origins it is shown again, because something else has changed. */
  async #choose(location: ResourceLocation, origins: readonly Maker[] | undefined): Promise<void> {
    const waypoint = this.#waypoint;
    this.#selected = location;
    const shown = waypoint === undefined ? undefined : await this.#engine.ask("show", { waypoint, location });
    if (this.#selected !== location) return;
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

  /** Highlights the lines that decided what comes of a request. */
  #showDecisive(trace: Trace | undefined): void {
    if (this.#selected !== undefined) return;
    const deciding = trace?.steps.findLast(({ decision }) => decision === "denied" || decision === "failed");
    const causes = [trace?.decidedBy, ...(deciding?.details ?? []).map(({ because }) => because)];
    this.#editor.showOrigins(causes.flatMap(makersOf));
  }

  #goTo(place: Place): void {
    if (place.file !== this.#editor.name) this.#openFile(place.file);
    this.#editor.select(place);
  }

  #close(): void {
    this.#selected = undefined;
    this.#details.show(undefined);
    this.#page.results.classList.remove("detailed");
    this.#editor.showOrigins([]);
    this.#panels[this.#page.tabs.current].select?.(undefined);
  }

  async #share(): Promise<void> {
    const options = { ...this.#page.options.value, release: this.#page.release.value };
    await showLink({ files: this.#files, options, waypoint: this.#waypoint, asked: this.#graph.form.value }, (message) => this.announce(message));
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
