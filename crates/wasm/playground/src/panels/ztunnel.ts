// What ztunnel gets, as istioctl's tables.
import type { ZtunnelKind } from "waypoint-xds";

import type { Engine } from "../engine/engine.ts";
import type { LocatedZtunnel, Location } from "../engine/protocol.ts";
import { h } from "../ui/dom.ts";
import { Grid } from "../ui/grid.ts";
import { Switch } from "../ui/switch.ts";
import { type Context, isSame, type Panel, type PanelEvents } from "./panel.ts";

const KINDS = [["workloads", "Workloads"], ["services", "Services"], ["policies", "Policies"]] as const;

/** Workloads, Services and policies, one table at a time. */
export class ZtunnelPanel implements Panel {
  readonly element: HTMLElement;
  readonly #engine: Engine;
  readonly #kind: Switch<ZtunnelKind>;
  readonly #grid: Grid;
  readonly #empty = h("p", { class: "empty", hidden: true });
  #context: Context | undefined;
  #table: Exclude<LocatedZtunnel, { unknown: string }> | undefined;

  constructor(engine: Engine, events: PanelEvents) {
    this.#engine = engine;
    this.#kind = new Switch("ztunnel's", KINDS, "workloads", () => this.#again());
    this.#grid = new Grid("What ztunnel gets", {
      chosen: (row) => {
        const location = this.#table?.locations[row];
        if (location !== undefined) events.chosen(location, this.#table?.origins[row] ?? []);
      },
      hovered: (row) => events.hovered(row === undefined ? [] : (this.#table?.origins[row] ?? [])),
    });
    this.element = h("div", { class: "panel table-panel" }, h("div", { class: "panel-tools" }, this.#kind.element), this.#grid.element, this.#empty);
  }

  async refresh(context: Context): Promise<void> {
    this.#context = context;
    const kind = this.#kind.value;
    const table = await this.#engine.ask("ztunnel", { kind });
    if (context.isStale() || kind !== this.#kind.value) return;
    const unknown = "unknown" in table ? table.unknown : undefined;
    this.#table = "unknown" in table ? undefined : table;
    const { header, rows } = this.#table ?? { header: [], rows: [] };
    this.#empty.hidden = rows.length > 0;
    this.#empty.textContent = unknown === undefined ? `ztunnel gets no ${kind}.` : `${unknown.charAt(0).toUpperCase()}${unknown.slice(1)}.`;
    this.#grid.show({ header, rows, canChoose: () => true }, this.#rowOf(context.selected));
  }

  select(location: Location | undefined): void {
    this.#grid.select(this.#rowOf(location));
  }

  #again(): void {
    if (this.#context !== undefined) void this.refresh(this.#context);
  }

  #rowOf(location: Location | undefined): number | undefined {
    const row = location === undefined ? -1 : (this.#table?.locations.findIndex((found) => isSame(found, location)) ?? -1);
    return row < 0 ? undefined : row;
  }
}
