// The table of jobs. It has elements only for the visible rows, so that it scrolls through any number of jobs.

import { button, element, on } from "./dom";
import { onceAFrame } from "./frames";
import { type PlanRow, type RowFilter, type RowOrder, shown, sortRows, widths } from "./rows";
import { rowsPerPage, scrollTopFor, type Viewport, visibleRows } from "./viewport";

const ROW = 24; // pixels, as in the style sheet

export interface TableEvents {
  /** The user opened a row, given by its place in the plan. */
  readonly open: (place: number) => void;
  /** The pointer is on a row, or on none. */
  readonly hover: (place: number | undefined) => void;
  /** The filter or the order has changed; these rows are shown now. */
  readonly changed: (places: readonly number[]) => void;
}

export class Table {
  readonly root: HTMLElement;
  private readonly head = element("div", { class: "row head", role: "row", "aria-rowindex": "1" });
  private readonly body = element("div", { class: "rows", role: "rowgroup" });
  private rows: readonly PlanRow[] = [];
  private columns: readonly string[] = [];
  private places: number[] = [];
  private order: RowOrder = { by: "index", down: false };
  private filter: RowFilter = () => true;
  private withStates = false;
  private numeric: ReadonlySet<number> = new Set();
  private active = 0;
  private marked: ReadonlySet<number> = new Set();
  private drawnRows = new Map<number, HTMLElement>();
  private readonly redraw = onceAFrame(() => { this.draw(); });

  constructor(private readonly events: TableEvents) {
    this.root = on(
      element("div", { class: "table", role: "grid", tabindex: "0", "aria-label": "Jobs" }, element("div", { role: "rowgroup", class: "heads" }, this.head), this.body),
      {
        scroll: () => { this.redraw(); },
        keydown: (event) => { this.onKey(event); },
        mouseleave: () => { events.hover(undefined); },
      },
    );
    on(this.body, {
      click: (event) => {
        const place = this.placeOf(event);
        if (place === undefined) return;
        this.activate(this.places.indexOf(place));
        events.open(place);
      },
      mousemove: (event) => { events.hover(this.placeOf(event)); },
    });
    new ResizeObserver(() => { this.redraw(); }).observe(this.root);
  }

  /** Show other jobs. */
  show(rows: readonly PlanRow[], columns: readonly string[]): void {
    if (columns.join("\n") !== this.columns.join("\n")) this.order = { by: "index", down: false };
    this.rows = rows;
    this.columns = columns;
    this.active = 0;
    this.root.scrollTop = 0;
    this.layOut();
  }

  /** Update the table after the jobs have changed. */
  renew({ states }: { states: boolean }): void {
    if (states !== this.withStates) {
      this.withStates = states;
      this.layOut();
    } else this.arrange();
  }

  /** Show only the jobs that a filter accepts. */
  setFilter(filter: RowFilter): void {
    this.filter = filter;
    this.arrange();
  }

  /** Sort by a column; a second time, in the other direction. */
  sort(by: RowOrder["by"]): void {
    this.order = { by, down: this.order.by === by && !this.order.down };
    this.drawHead();
    this.arrange();
  }

  /** Mark rows, by their places in the plan. */
  mark(places: ReadonlySet<number>): void {
    this.marked = places;
    for (const [position, row] of this.drawnRows) this.updateClasses(row, position);
  }

  private layOut(): void {
    const first = (column: number): unknown => this.rows.find((row) => row.values[column] !== null)?.values[column];
    this.numeric = new Set([...this.columns.keys()].filter((column) => typeof first(column) === "number"));
    const state = this.withStates ? [14] : [];
    // Head and rows are separate grids; fixed column widths align them.
    const sizes = [9, ...state, ...widths(this.columns, this.rows).map((width) => width + 4)];
    this.root.style.setProperty("--columns", `${sizes.map((size) => `${size}ch`).join(" ")} minmax(18ch, 1fr)`);
    this.root.style.setProperty("--width", `${sizes.reduce((sum, size) => sum + size, 18)}ch`);
    this.root.setAttribute("aria-colcount", String(this.columns.length + 2 + state.length));
    this.drawHead();
    this.arrange();
  }

  private drawHead(): void {
    const titled = (title: string, by: RowOrder["by"], attributes: Readonly<Record<string, string>> = {}): HTMLElement => {
      const isOrder = this.order.by === by;
      const arrow = isOrder ? element("span", { class: "arrow", "aria-hidden": "true" }, this.order.down ? "▾" : "▴") : undefined;
      const sort = button(title, () => { this.sort(by); }, { title: `Sort by ${title}` });
      if (arrow !== undefined) sort.append(arrow);
      const sorted = isOrder ? (this.order.down ? "descending" : "ascending") : "none";
      return element("div", { role: "columnheader", "aria-sort": sorted, ...attributes }, sort);
    };
    const focused = Array.from(this.head.querySelectorAll("button")).findIndex((one) => one === document.activeElement);
    this.head.replaceChildren(
      titled("Job", "index", { class: "number" }),
      ...(this.withStates ? [titled("State", "state")] : []),
      ...this.columns.map((name, column) => titled(name, column, this.isNumeric(column) ? { class: "number" } : {})),
      element("div", { role: "columnheader" }),
    );
    this.head.querySelectorAll("button")[focused]?.focus();
  }

  private arrange(): void {
    const all = [...this.rows.keys()];
    const kept = all.filter((place) => {
      const row = this.rows[place];
      return row !== undefined && this.filter(row);
    });
    this.places = sortRows(this.rows, kept, this.order);
    this.active = Math.min(this.active, Math.max(0, this.places.length - 1));
    this.body.style.height = `${this.places.length * ROW}px`;
    this.root.setAttribute("aria-rowcount", String(this.places.length + 1));
    for (const row of this.drawnRows.values()) row.remove();
    this.drawnRows.clear();
    this.draw();
    this.events.changed(this.places);
  }

  private view(): Viewport {
    const head = this.head.offsetHeight;
    return { top: this.root.scrollTop, height: Math.max(0, this.root.clientHeight - head), row: ROW, total: this.places.length };
  }

  private draw(): void {
    const { first, end } = visibleRows(this.view());
    for (const [position, row] of this.drawnRows) {
      if (position >= first && position < end) continue;
      row.remove();
      this.drawnRows.delete(position);
    }
    for (let position = first; position < end; position++) {
      if (!this.drawnRows.has(position)) this.add(position);
    }
  }

  private add(position: number): void {
    const row = this.rows[this.places[position] ?? -1];
    if (row === undefined) return;
    const made = element(
      "div",
      { class: "row", role: "row", id: `row-${position}`, "aria-rowindex": String(position + 2), "data-position": String(position) },
      element("div", { role: "gridcell", class: "number index" }, String(row.index)),
      ...(this.withStates ? [element("div", { role: "gridcell", class: `state ${row.state}` }, row.state)] : []),
      ...row.values.map((value, column) =>
        element(
          "div",
          { role: "gridcell", class: value === null ? "unset" : this.isNumeric(column) ? "number" : "text", title: shown(value) },
          value === null ? "–" : shown(value),
        ),
      ),
      element("div", { role: "gridcell", class: row.error === null ? "repeat" : "error", title: row.error ?? "" }, rowRemark(row)),
    );
    made.style.transform = `translateY(${position * ROW}px)`;
    this.updateClasses(made, position);
    this.body.append(made);
    this.drawnRows.set(position, made);
  }

  private updateClasses(row: HTMLElement, position: number): void {
    row.classList.toggle("active", position === this.active);
    row.setAttribute("aria-selected", String(position === this.active));
    row.classList.toggle("marked", this.marked.has(this.places[position] ?? -1));
  }

  private activate(position: number): void {
    const before = this.active;
    this.active = Math.max(0, Math.min(this.places.length - 1, position));
    this.root.scrollTop = scrollTopFor(this.view(), this.active);
    this.draw();
    for (const one of [before, this.active]) {
      const row = this.drawnRows.get(one);
      if (row !== undefined) this.updateClasses(row, one);
    }
    this.root.setAttribute("aria-activedescendant", `row-${this.active}`);
    this.events.hover(this.places[this.active]);
  }

  private onKey(event: KeyboardEvent): void {
    if (event.target !== this.root) return;
    const page = rowsPerPage(this.view());
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: this.active + 1,
      ArrowUp: this.active - 1,
      PageDown: this.active + page,
      PageUp: this.active - page,
      Home: 0,
      End: this.places.length - 1,
    };
    const position = steps[event.key];
    if (position !== undefined) this.activate(position);
    else if (event.key === "Enter" || event.key === " ") {
      const place = this.places[this.active];
      if (place !== undefined) this.events.open(place);
    } else return;
    event.preventDefault();
  }

  private placeOf(event: MouseEvent): number | undefined {
    const row = (event.target as Element).closest<HTMLElement>(".row");
    return row?.dataset.position === undefined ? undefined : this.places[Number(row.dataset.position)];
  }

  private isNumeric(column: number): boolean {
    return this.numeric.has(column);
  }
}

function rowRemark(row: PlanRow): string {
  if (row.error !== null) return row.error;
  return row.sameAs === null ? "" : `same as job ${row.sameAs}`;
}
