// istioctl's tables.
import type { TableKind } from "waypoint-xds";

import type { Engine } from "../engine/engine.ts";
import type { LocatedTable, Location } from "../engine/protocol.ts";
import { h } from "../ui/dom.ts";
import { Grid } from "../ui/grid.ts";
import { nothing } from "./nothing.ts";
import { type Context, isSame, type Panel, type PanelEvents } from "./panel.ts";

/** The table of one kind of resources. */
export class TablePanel implements Panel {
  readonly element: HTMLElement;
  readonly #engine: Engine;
  readonly #kind: TableKind;
  readonly #grid: Grid;
  readonly #empty = h("p", { class: "empty", hidden: true });
  readonly #nothing: HTMLElement;
  #table: LocatedTable | undefined;

  constructor(engine: Engine, kind: TableKind, events: PanelEvents) {
    this.#engine = engine;
    this.#kind = kind;
    this.#grid = new Grid(`The table of ${kind}`, {
      chosen: (row) => {
        const location = this.#table?.locations[row];
        if (location != null) events.chosen(location, this.#table?.origins[row] ?? []);
      },
      hovered: (row) => events.hovered(row === undefined ? [] : (this.#table?.origins[row] ?? [])),
    });
    this.#nothing = nothing(events);
    this.element = h("div", { class: "panel table-panel" }, this.#grid.element, this.#empty, this.#nothing);
  }

  async refresh({ waypoint, selected, isStale }: Context): Promise<void> {
    const table = waypoint === undefined ? undefined : await this.#engine.ask("table", { waypoint, kind: this.#kind });
    if (isStale()) return;
    this.#table = table;
    this.#nothing.hidden = table !== undefined;
    this.#grid.element.hidden = table === undefined;
    this.#empty.hidden = table === undefined || table.rows.length > 0;
    this.#empty.textContent = `This waypoint has no ${this.#kind}.`;
    const { header, rows } = table ?? { header: [], rows: [] };
    this.#grid.show({ header, rows, canChoose: (row) => table?.locations[row] != null }, this.#rowOf(selected));
  }

  select(location: Location | undefined): void {
    this.#grid.select(this.#rowOf(location));
  }

  #rowOf(location: Location | undefined): number | undefined {
    const row = location === undefined ? -1 : (this.#table?.locations.findIndex((found) => isSame(found, location)) ?? -1);
    return row < 0 ? undefined : row;
  }
}
