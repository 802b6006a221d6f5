// The sweep in parallel coordinates: an axis for each parameter that varies, a curve for each job, drawn on two canvases.
// Dragging along an axis brushes a range of it. The jobs under the pointer, here or in the table, are highlighted.

import { button, element, on } from "./dom";
import { onceAFrame } from "./frames";
import { type Brush, crossings, isInBrushes, nearestSegment, type Segment, segments } from "./lines";
import type { PlanRow } from "./rows";
import { type Axis, axisOf, UNSET } from "./scales";

const ABOVE = 34; // pixels, for the axes' names
const BELOW = 14;
const SIDE = 70; // left of the first axis and right of the last
const NEAR = 16; // pixels from an axis within which the pointer is on it
const REACH = 7; // pixels from a curve within which the pointer is on it
const MOST_AXES = 14; // more have no room

export interface ParallelCoordinatesEvents {
  /** The pointer is on these jobs, given by their places. */
  readonly hover: (places: ReadonlySet<number>) => void;
  /** Brushes were added or removed. */
  readonly brush: () => void;
  /** The user pressed the name of an axis. */
  readonly named: (column: number) => void;
}

interface Colours {
  readonly line: string;
  readonly repeat: string;
  readonly over: string;
  readonly axis: string;
  readonly text: string;
  readonly back: string;
  readonly font: string;
}

export class ParallelCoordinates {
  readonly root = element("div", { class: "picture" });
  private readonly base = element("canvas", { role: "img" });
  private readonly over = element("canvas", { "aria-hidden": "true" });
  private readonly names = element("div", { class: "names" });
  private rows: readonly PlanRow[] = [];
  private axes: readonly Axis[] = [];
  private crossed: Float64Array[] = [];
  private shown: readonly number[] = [];
  private lines: Segment[][] = [];
  private all: Segment[][] = [];
  private readonly brushes = new Map<number, Brush>();
  private dragged: { axis: number; from: number } | undefined;
  private readonly redraw = onceAFrame(() => { this.draw(); });

  constructor(private readonly events: ParallelCoordinatesEvents) {
    this.root.append(this.base, this.over, this.names);
    on(this.over, {
      pointermove: (event) => { this.moved(event); },
      pointerdown: (event) => { this.pressed(event); },
      pointerup: () => { this.released(); },
      pointercancel: () => { this.released(); },
      pointerleave: () => { if (this.dragged === undefined) this.point(new Set()); },
    });
    new ResizeObserver(() => { this.redraw(); }).observe(this.root);
    const theme = new MutationObserver(() => { this.redraw(); });
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ["style"] });
    theme.observe(document.body, { attributes: true, attributeFilter: ["class"] });
  }

  /** Whether there is nothing to draw. */
  get isEmpty(): boolean {
    return this.axes.length === 0;
  }

  /** The names of the axes with brushes. */
  get chosen(): string[] {
    return [...this.brushes.keys()].map((axis) => this.axes[axis]?.name ?? "");
  }

  show(rows: readonly PlanRow[], columns: readonly string[]): void {
    this.rows = rows;
    this.brushes.clear();
    const axes = columns.map((name, column) => axisOf(name, column, rows.map((row) => row.values[column] ?? null)));
    this.axes = axes.filter((axis) => axis !== undefined).slice(0, MOST_AXES);
    this.crossed = crossings(rows, this.axes);
    this.all = segments(rows, this.crossed, rows.keys());
    this.names.replaceChildren(
      ...this.axes.map(({ name, column, kind }) =>
        button(name, () => { this.events.named(column); }, { title: `${name}${kind === "log" ? ", logarithmic" : ""}: sort the jobs by it` }),
      ),
    );
    const repeats = rows.filter((row) => row.sameAs !== null).length;
    const also = repeats === 0 ? "" : ` ${repeats} of the jobs repeat another.`;
    this.base.setAttribute("aria-label", `${rows.length} jobs over ${this.axes.map(({ name }) => name).join(", ")}.${also} The table has the same.`);
    this.choose([...rows.keys()]);
  }

  /** Draw these jobs in full, and the rest faintly. */
  choose(places: readonly number[]): void {
    this.shown = places;
    this.lines = segments(this.rows, this.crossed, places);
    this.redraw();
  }

  /** Whether a job is in all brushes. */
  has(place: number): boolean {
    return isInBrushes(this.crossed, this.brushes, place);
  }

  clear(): void {
    this.brushes.clear();
    this.events.brush();
    this.redraw();
  }

  /** Draw jobs on top of all others. */
  highlight(places: Iterable<number>): void {
    const pen = this.pen(this.over);
    if (pen === undefined) return;
    const colours = coloursOf(this.root);
    pen.clearRect(0, 0, this.width, this.height);
    const lit = [...places];
    if (lit.length === 0) return;
    pen.strokeStyle = pen.fillStyle = colours.over;
    pen.lineWidth = lit.length > 200 ? 1.2 : 2;
    for (const [gap, lines] of segments(this.rows, this.crossed, lit).entries()) {
      for (const line of lines) this.stroke(pen, gap, line, 4);
    }
  }

  private get width(): number {
    return this.root.clientWidth;
  }

  private get height(): number {
    return this.root.clientHeight;
  }

  private x(axis: number): number {
    if (this.axes.length === 1) return this.width / 2;
    return SIDE + (axis * (this.width - 2 * SIDE)) / (this.axes.length - 1);
  }

  private get foot(): number {
    const unset = this.axes.some(({ ticks }) => ticks.some(({ at }) => at === UNSET));
    return this.height - BELOW - (unset ? 14 : 0);
  }

  private y(at: number): number {
    return this.foot - at * (this.foot - ABOVE);
  }

  private draw(): void {
    const pen = this.pen(this.base);
    this.pen(this.over);
    if (pen === undefined || this.isEmpty) return;
    const colours = coloursOf(this.root);
    const most = Math.max(1, ...this.lines.map((lines) => lines.length));
    if (this.shown.length < this.rows.length) {
      pen.strokeStyle = pen.fillStyle = colours.axis;
      pen.globalAlpha = Math.max(0.02, Math.min(0.25, 30 / this.rows.length));
      for (const [gap, lines] of this.all.entries()) for (const line of lines) this.stroke(pen, gap, line, 3);
    }
    for (const again of [false, true]) {
      for (const [gap, lines] of this.lines.entries()) {
        for (const line of lines) {
          if (line.repeats !== again) continue;
          pen.strokeStyle = pen.fillStyle = again ? colours.repeat : colours.line;
          // Many curves are drawn faintly; a curve of many jobs is stronger.
          const share = line.places.length / Math.max(1, this.shown.length);
          pen.globalAlpha = again ? 0.9 : Math.min(0.9, Math.max(0.03, 60 / most) + share);
          pen.lineWidth = again ? 1.6 : 1.2;
          this.stroke(pen, gap, line, 3);
        }
      }
    }
    pen.globalAlpha = 1;
    for (const [number, axis] of this.axes.entries()) this.drawAxis(pen, number, axis, colours);
    for (const [number, name] of Array.from(this.names.children).entries()) {
      if (name instanceof HTMLElement) name.style.left = `${this.x(number)}px`;
    }
  }

  private drawAxis(pen: CanvasRenderingContext2D, number: number, axis: Axis, colours: Colours): void {
    const x = this.x(number);
    pen.strokeStyle = colours.axis;
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(Math.round(x) + 0.5, this.y(1) - 4);
    pen.lineTo(Math.round(x) + 0.5, this.y(0) + 4);
    pen.stroke();
    const brush = this.brushes.get(number);
    if (brush !== undefined) {
      pen.fillStyle = colours.over;
      pen.globalAlpha = 0.3;
      pen.fillRect(x - 6, this.y(brush.high), 12, this.y(brush.low) - this.y(brush.high));
      pen.globalAlpha = 1;
    }
    pen.font = colours.font;
    pen.textBaseline = "middle";
    let free = Number.POSITIVE_INFINITY;
    const last = axis.ticks.length - 1;
    const isLast = number === this.axes.length - 1 && number > 0;
    pen.textAlign = isLast ? "left" : "right";
    for (const [place, { at, label }] of axis.ticks.entries()) {
      const y = this.y(at);
      const top = this.y(axis.ticks[last]?.at ?? 1);
      if (y > free || (place !== last && y < top + 12 && y !== top)) continue;
      free = y - 12;
      const text = label.length > 12 ? `${label.slice(0, 11)}…` : label;
      const where = isLast ? x + 8 : x - 8;
      pen.strokeStyle = colours.back;
      pen.lineWidth = 4;
      pen.lineJoin = "round";
      pen.strokeText(text, where, y);
      pen.fillStyle = colours.text;
      pen.fillText(text, where, y);
      pen.fillRect(x - 3, Math.round(y), 6, 1);
    }
  }

  private stroke(pen: CanvasRenderingContext2D, gap: number, { from, to }: Segment, dot: number): void {
    const x = this.x(gap);
    const [start, end] = [this.y(from), this.y(to)];
    pen.beginPath();
    if (this.axes.length === 1) {
      pen.arc(x, start, dot, 0, 2 * Math.PI);
      pen.fill();
      return;
    }
    const next = this.x(gap + 1);
    const middle = (x + next) / 2;
    pen.moveTo(x, start);
    pen.bezierCurveTo(middle, start, middle, end, next, end);
    pen.stroke();
  }

  /** Return a canvas's context, with the canvas sized to the screen's pixels. */
  private pen(canvas: HTMLCanvasElement): CanvasRenderingContext2D | undefined {
    const ratio = window.devicePixelRatio;
    const [width, height] = [Math.round(this.width * ratio), Math.round(this.height * ratio)];
    if (width === 0 || height === 0) return undefined;
    canvas.width = width;
    canvas.height = height;
    const pen = canvas.getContext("2d") ?? undefined;
    pen?.scale(ratio, ratio);
    return pen;
  }

  private axisAt(x: number): number | undefined {
    const found = this.axes.findIndex((_, number) => Math.abs(this.x(number) - x) <= NEAR);
    return found < 0 ? undefined : found;
  }

  private at(y: number): number {
    return (this.foot - y) / (this.foot - ABOVE);
  }

  private moved({ offsetX, offsetY }: PointerEvent): void {
    if (this.dragged !== undefined) {
      const { axis, from } = this.dragged;
      const to = this.at(offsetY);
      if (Math.abs(to - from) * (this.foot - ABOVE) < 4) return;
      this.brushes.set(axis, { low: Math.min(from, to), high: Math.max(from, to) });
      this.events.brush();
      this.redraw();
      return;
    }
    const axis = this.axisAt(offsetX);
    this.over.style.cursor = axis === undefined ? "default" : "ns-resize";
    const height = this.at(offsetY);
    const reach = REACH / (this.foot - ABOVE);
    if (axis !== undefined) {
      const crossed = this.crossed[axis];
      this.point(new Set(this.shown.filter((place) => Math.abs((crossed?.[place] ?? 9) - height) <= reach)));
      return;
    }
    const gap = this.axes.findIndex((_, number) => this.x(number) < offsetX && offsetX < this.x(number + 1) && number + 1 < this.axes.length);
    const lines = this.lines[gap];
    if (gap < 0 || lines === undefined) {
      this.point(new Set());
      return;
    }
    const way = (offsetX - this.x(gap)) / (this.x(gap + 1) - this.x(gap));
    this.point(new Set(nearestSegment(lines, way, height, reach)?.places ?? []));
  }

  private point(places: ReadonlySet<number>): void {
    this.highlight(places);
    this.events.hover(places);
  }

  private pressed(event: PointerEvent): void {
    const axis = this.axisAt(event.offsetX);
    if (axis === undefined) return;
    this.over.setPointerCapture(event.pointerId);
    this.dragged = { axis, from: this.at(event.offsetY) };
    // Pressing an axis removes its brush; dragging makes a new one.
    if (this.brushes.delete(axis)) this.events.brush();
    this.redraw();
  }

  private released(): void {
    this.dragged = undefined;
  }
}

function coloursOf(of: HTMLElement): Colours {
  const style = getComputedStyle(of);
  const colour = (name: string, otherwise: string): string => style.getPropertyValue(name).trim() || otherwise;
  return {
    line: colour("--vscode-charts-blue", "#3794ff"),
    repeat: colour("--vscode-editorWarning-foreground", "#d18616"),
    over: colour("--picture-over", style.color),
    axis: colour("--vscode-descriptionForeground", style.color),
    text: style.color,
    back: colour("--vscode-editor-background", "#000"),
    font: `11px ${style.fontFamily}`,
  };
}
