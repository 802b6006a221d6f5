// The geometry of the parallel coordinates: segments between axes, one for all jobs with the same values. Pure.

import type { PlanRow } from "./rows";
import type { Axis } from "./scales";

/** A segment from one axis to the next, and the jobs that take it. */
export interface Segment {
  readonly from: number;
  readonly to: number;
  readonly places: readonly number[];
  readonly repeats: boolean;
}

/** Return where each job crosses each axis. */
export function crossings(rows: readonly PlanRow[], axes: readonly Axis[]): Float64Array[] {
  return axes.map((axis) => Float64Array.from(rows, (row) => axis.at(row.values[axis.column] ?? null)));
}

/**
 * Return the segments between neighbouring axes; for a single axis, its points.
 *
 * @param rows all jobs.
 * @param crossed see `crossings`.
 * @param shown which jobs, by their place.
 */
export function segments(rows: readonly PlanRow[], crossed: readonly Float64Array[], shown: Iterable<number>): Segment[][] {
  const pairs = crossed.length === 1 ? [[crossed[0], crossed[0]]] : crossed.slice(1).map((next, gap) => [crossed[gap], next]);
  const found = pairs.map(() => new Map<string, { from: number; to: number; places: number[]; repeats: boolean }>());
  for (const place of shown) {
    const repeats = rows[place]?.sameAs !== null;
    for (const [gap, [left, right]] of pairs.entries()) {
      const from = left?.[place] ?? 0;
      const to = right?.[place] ?? 0;
      const key = `${from}|${to}`;
      const known = found[gap]?.get(key);
      if (known === undefined) found[gap]?.set(key, { from, to, places: [place], repeats });
      else {
        known.places.push(place);
        known.repeats ||= repeats;
      }
    }
  }
  return found.map((gap) => [...gap.values()]);
}

/** Return a curve's height, from 0 to 1, at a horizontal position from 0 to 1. */
export function curveHeight(way: number): number {
  // The curve is a Bézier curve with horizontal tangents and its handles in the middle. Bisection finds the parameter for a
  // horizontal position.
  let [low, high] = [0, 1];
  for (let step = 0; step < 20; step++) {
    const middle = (low + high) / 2;
    if (1.5 * middle - 1.5 * middle ** 2 + middle ** 3 < way) low = middle;
    else high = middle;
  }
  const parameter = (low + high) / 2;
  return 3 * parameter ** 2 - 2 * parameter ** 3;
}

/** Return the segment nearest to a height at a horizontal position, if it is within reach. */
export function nearestSegment(lines: readonly Segment[], way: number, height: number, reach: number): Segment | undefined {
  const share = curveHeight(way);
  let best: Segment | undefined;
  let distance = reach;
  for (const line of lines) {
    const apart = Math.abs(line.from + (line.to - line.from) * share - height);
    if (apart <= distance) [best, distance] = [line, apart];
  }
  return best;
}

/** A range of an axis that the user has chosen. */
export interface Brush {
  readonly low: number;
  readonly high: number;
}

/** Return whether a job is in all brushes. */
export function isInBrushes(crossed: readonly Float64Array[], brushes: ReadonlyMap<number, Brush>, place: number): boolean {
  for (const [axis, { low, high }] of brushes) {
    const at = crossed[axis]?.[place] ?? 0;
    if (at < low || at > high) return false;
  }
  return true;
}
