// A table of any length: only the rows that can be seen are in the document.
import { h } from "./dom.ts";

/** What a grid shows. */
export interface GridData {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Whether a row can be chosen. */
  readonly canChoose: (row: number) => boolean;
}

/** What happens to its rows. */
export interface GridEvents {
  chosen(row: number): void;
  hovered(row: number | undefined): void;
}

const ROW = 28;
const MARGIN = 12;
const WIDEST = 64;

/** A grid with one stop for the tab key; arrows, Home, End and the page keys move between rows, Enter chooses one. */
export class Grid {
  readonly element: HTMLElement;
  readonly #events: GridEvents;
  readonly #body = h("tbody");
  readonly #head = h("thead");
  readonly #columns = h("colgroup");
  readonly #table: HTMLTableElement;
  #data: GridData = { header: [], rows: [], canChoose: () => false };
  #active = 0;
  #selected: number | undefined;
  #first = -1;
  #last = -1;

  constructor(label: string, events: GridEvents) {
    this.#events = events;
    this.#table = h("table", { role: "grid", "aria-label": label, class: "grid" }, this.#columns, this.#head, this.#body);
    this.element = h("div", { class: "grid-scroll", onscroll: () => this.#draw(), onkeydown: (event) => this.#key(event) }, this.#table);
    this.#body.addEventListener("click", (event) => this.#choose(rowOf(event.target)));
    this.#body.addEventListener("pointerover", (event) => this.#events.hovered(rowOf(event.target)));
    this.#body.addEventListener("pointerleave", () => this.#events.hovered(undefined));
    this.#body.addEventListener("focusin", (event) => this.#events.hovered(rowOf(event.target)));
    this.#body.addEventListener("focusout", () => this.#events.hovered(undefined));
    new ResizeObserver(() => this.#draw()).observe(this.element);
  }

  /** Shows other rows. */
  show(data: GridData, selected: number | undefined): void {
    const widths = data.header.map((title, column) => Math.max(title.length, ...sample(data.rows, column)));
    this.#data = data;
    this.#selected = selected;
    this.#active = Math.min(selected ?? this.#active, Math.max(0, data.rows.length - 1));
    this.#columns.replaceChildren(...widths.map((width) => h("col", { style: `width: ${Math.min(width, WIDEST) + 3}ch` })));
    this.#head.replaceChildren(h("tr", {}, ...data.header.map((title) => h("th", { scope: "col" }, title))));
    this.#table.setAttribute("aria-rowcount", String(data.rows.length + 1));
    this.#first = this.#last = -1;
    this.#draw();
  }

  /** Marks a row as chosen. */
  select(row: number | undefined): void {
    this.#selected = row;
    if (row !== undefined) this.#active = row;
    this.#redraw();
  }

  #redraw(): void {
    const focused = this.#body.contains(document.activeElement);
    this.#first = this.#last = -1;
    this.#draw();
    if (focused) this.#rowElement(this.#active)?.focus({ preventScroll: true });
  }

  #draw(): void {
    const { rows } = this.#data;
    const height = this.element.clientHeight || 600;
    const first = Math.max(0, Math.floor(this.element.scrollTop / ROW) - MARGIN);
    const last = Math.min(rows.length, Math.ceil((this.element.scrollTop + height) / ROW) + MARGIN);
    if (first === this.#first && last === this.#last) return;
    const focused = this.#body.contains(document.activeElement);
    this.#first = first;
    this.#last = last;
    const visible = rows.slice(first, last).map((cells, index) => this.#row(cells, first + index));
    this.#body.replaceChildren(spacer(first), ...visible, spacer(rows.length - last));
    if (focused) this.#rowElement(this.#active)?.focus({ preventScroll: true });
  }

  #row(cells: readonly string[], row: number): HTMLTableRowElement {
    const canChoose = this.#data.canChoose(row);
    return h(
      "tr",
      {
        "data-row": row,
        "aria-rowindex": row + 2,
        "aria-selected": String(row === this.#selected),
        tabindex: row === this.#active ? 0 : -1,
        class: canChoose ? "choosable" : undefined,
      },
      ...cells.map((cell) => h("td", { role: "gridcell", title: cell }, cell)),
    );
  }

  #rowElement(row: number): HTMLElement | null {
    return this.#body.querySelector<HTMLElement>(`[data-row="${row}"]`);
  }

  #choose(row: number | undefined): void {
    if (row === undefined || !this.#data.canChoose(row)) return;
    this.select(row);
    this.#events.chosen(row);
  }

  #key(event: KeyboardEvent): void {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.#choose(this.#active);
      return;
    }
    const page = Math.max(1, Math.floor(this.element.clientHeight / ROW) - 2);
    const last = this.#data.rows.length - 1;
    const at = this.#active;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: last, PageDown: at + page, PageUp: at - page }[event.key];
    if (to === undefined || last < 0) return;
    event.preventDefault();
    this.#active = Math.min(Math.max(to, 0), last);
    this.#reveal(this.#active);
    this.#redraw();
    this.#rowElement(this.#active)?.focus({ preventScroll: true });
  }

  #reveal(row: number): void {
    const top = row * ROW;
    // The header stays on top of the rows.
    const seen = this.element.clientHeight - 2 * ROW;
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    else if (top > this.element.scrollTop + seen) this.element.scrollTop = top - seen;
  }
}

/** Keeps the place of rows that are not in the document. */
function spacer(rows: number): HTMLTableRowElement {
  return h("tr", { "aria-hidden": "true", class: "spacer", style: `height: ${rows * ROW}px` });
}

function rowOf(target: EventTarget | null): number | undefined {
  const row = target instanceof Element ? target.closest<HTMLElement>("[data-row]")?.dataset["row"] : undefined;
  return row === undefined ? undefined : Number(row);
}

/** The lengths of a column's cells. */
function sample(rows: readonly (readonly string[])[], column: number): number[] {
  return rows.slice(0, 2000).map((cells) => cells[column]?.length ?? 0);
}
