// The page's elements.
import type { Release, SourceFile } from "waypoint-xds";

import { EXAMPLES } from "./model/examples.ts";
import type { Saver } from "./saver.ts";
import { h } from "./ui/dom.ts";
import { chooseFiles } from "./ui/drop.ts";
import { FileBar } from "./ui/files.ts";
import { icon } from "./ui/icons.ts";
import { logo } from "./ui/logo.ts";
import { menuButton } from "./ui/menu.ts";
import { OptionsForm } from "./ui/options.ts";
import { releaseSwitch } from "./ui/release.ts";
import { splitter } from "./ui/splitter.ts";
import type { Switch } from "./ui/switch.ts";
import { type Tab, Tabs } from "./ui/tabs.ts";
import { themeButton } from "./ui/theme.ts";

/** The tabs of the results. */
export type TabId = "graph" | "listeners" | "clusters" | "routes" | "endpoints" | "ztunnel" | "statuses" | "problems" | "compare" | "cost";

const TABS: readonly Tab<TabId>[] = [
  { id: "graph", title: "Graph" },
  { id: "listeners", title: "Listeners" },
  { id: "clusters", title: "Clusters" },
  { id: "routes", title: "Routes" },
  { id: "endpoints", title: "Endpoints" },
  { id: "ztunnel", title: "ztunnel" },
  { id: "statuses", title: "Statuses" },
  { id: "problems", title: "Problems" },
  { id: "compare", title: "Compare" },
  { id: "cost", title: "Cost" },
];

/** What is done on the page. */
export interface PageEvents {
  example(id: string): void;
  opened(files: SourceFile[]): void;
  blank(): void;
  shared(): void;
  fileChosen(name: string): void;
  fileRemoved(name: string): void;
  optionsChanged(): void;
  waypoint(name: string): void;
  tab(id: TabId): void;
  /** The escape key was pressed, wherever the focus is, and nothing else took it. */
  escaped(): void;
}

/** The elements that change. */
export interface PageParts {
  readonly editor: HTMLElement;
  readonly files: FileBar;
  readonly options: OptionsForm;
  readonly release: Switch<Release>;
  readonly examples: HTMLSelectElement;
  readonly waypoints: HTMLSelectElement;
  readonly tabs: Tabs<TabId>;
  readonly panel: HTMLElement;
  readonly results: HTMLElement;
  readonly said: HTMLElement;
  /** Says what keeps the snapshot from being translated. */
  fail(message: string | undefined): void;
}

/** Builds the page. */
export function page(root: HTMLElement, details: HTMLElement, saver: Saver, events: PageEvents): PageParts {
  const editor = h("div", { class: "code" });
  const files = new FileBar({ chosen: events.fileChosen, removed: events.fileRemoved });
  const options = new OptionsForm(events.optionsChanged);
  const release = releaseSwitch(events.optionsChanged);
  const waypoints = h("select", { id: "waypoint", onchange: () => events.waypoint(waypoints.value) });
  const panel = h("div", { class: "panel-slot", id: "panel", tabindex: -1 });
  const tabs = new Tabs("Results", TABS, "graph", panel, events.tab);
  const said = h("p", { class: "said" });
  const failure = h("p", { class: "failure", role: "alert", hidden: true });
  const examples = exampleSelect(events);
  const input = h("section", { class: "input", "aria-label": "Snapshot" }, inputBar(files, options, events), options.element, editor);
  const choices = h("div", { class: "choices" }, h("label", { class: "select grow" }, h("span", {}, "Waypoint"), waypoints), release.element);
  const body = h("div", { class: "results-body" });
  body.append(panel, splitter({ label: "Size of the results", direction: "column", container: body, property: "--panel-share", initial: 52 }), details);
  document.addEventListener("keydown", (event) => {
    // A dialog closes itself.
    if (event.key === "Escape" && !event.defaultPrevented && document.querySelector("dialog[open]") === null) events.escaped();
  });
  const results = h("main", { class: "results", id: "results", tabindex: -1 }, choices, failure, tabs.element, body, said);
  const columns = h("div", { class: "columns" });
  columns.append(input, splitter({ label: "Size of the editor", direction: "row", container: columns, property: "--input-share", initial: 30 }), results);
  root.replaceChildren(header(examples, saver, events), columns);
  const fail = (message: string | undefined): void => {
    failure.hidden = message === undefined;
    failure.textContent = message ?? "";
  };
  return { editor, files, options, release, examples, waypoints, tabs, panel, results, said, fail };
}

function header(examples: HTMLSelectElement, saver: Saver, events: PageEvents): HTMLElement {
  return h(
    "header",
    { class: "top" },
    h("h1", { class: "brand" }, logo(), h("span", { class: "brand-name" }, "waypoint-xds"), h("span", { class: "brand-claim" }, "What will this waypoint do?")),
    h("label", { class: "select" }, h("span", {}, "Example"), examples),
    h(
      "div",
      { class: "top-buttons" },
      h("button", { type: "button", class: "ghost", "aria-label": "Share", onclick: events.shared }, icon("share"), h("span", { class: "label" }, "Share")),
      menuButton([icon("download"), h("span", { class: "label" }, "Download")], "Download", () => saver.entries()),
      themeButton(),
    ),
  );
}

function exampleSelect(events: PageEvents): HTMLSelectElement {
  const own = h("option", { value: "", hidden: true }, "your own");
  const select = h("select", { onchange: () => events.example(select.value) }, own, ...EXAMPLES.map(({ id, title }) => h("option", { value: id }, title)));
  return select;
}

function inputBar(files: FileBar, options: OptionsForm, events: PageEvents): HTMLElement {
  const toggle = h("button", { type: "button", class: "ghost", "aria-expanded": "false", onclick: () => show(options.element.hidden === true) }, icon("options"), h("span", { class: "label" }, "Options"));
  const show = (shown: boolean): void => {
    options.element.hidden = !shown;
    toggle.setAttribute("aria-expanded", String(shown));
  };
  return h(
    "div",
    { class: "input-bar" },
    files.element,
    h("button", { type: "button", class: "ghost icon-button", title: "New file", "aria-label": "New file", onclick: events.blank }, icon("plus")),
    h("span", { class: "spacer" }),
    h("button", { type: "button", class: "ghost", onclick: () => chooseFiles(events.opened) }, icon("open"), h("span", { class: "label" }, "Open")),
    toggle,
  );
}
