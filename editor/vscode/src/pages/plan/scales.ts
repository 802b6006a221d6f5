// The scale of a parameter's axis, from 0 at its foot to 1 at its head. Pure.

import type { Value } from "./messages";
import { compare, shown } from "./rows";

export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** The axis of a parameter that varies. Unset values lie below its foot. */
export interface Axis {
  readonly name: string;
  readonly column: number;
  readonly kind: "linear" | "log" | "categories";
  readonly ticks: readonly Tick[];
  readonly at: (value: Value) => number;
}

/** The position of unset values. */
export const UNSET = -0.1;

const ORDERS = 100; // the ratio of largest to smallest value from which an axis is logarithmic

const SPELLED_OUT = 12; // up to so many different numbers, each gets a tick

/** Return the axis of a parameter, undefined if all jobs have the same value. */
export function axisOf(name: string, column: number, values: Iterable<Value>): Axis | undefined {
  const different = new Set(values);
  if (different.size < 2) return undefined;
  const unset: readonly Tick[] = different.delete(null) ? [{ at: UNSET, label: "not set" }] : [];
  const sorted = [...different].sort(compare);
  const numbers = sorted.filter((value) => typeof value === "number");
  if (numbers.length !== sorted.length || sorted.length < 2) {
    const places = new Map(sorted.map((value, place) => [value, sorted.length === 1 ? 0.5 : place / (sorted.length - 1)]));
    const at = (value: Value): number => places.get(value) ?? UNSET;
    return { name, column, kind: "categories", ticks: [...unset, ...sorted.map((value) => ({ at: at(value), label: shown(value) }))], at };
  }
  const least = numbers[0] ?? 0;
  const most = numbers[numbers.length - 1] ?? 0;
  const log = least > 0 && most / least >= ORDERS;
  const place = log ? Math.log : (value: number): number => value;
  const [low, high] = [place(least), place(most)];
  const at = (value: Value): number => (typeof value === "number" ? (place(value) - low) / (high - low) : UNSET);
  const marked = numbers.length <= SPELLED_OUT ? numbers : log ? powers(least, most) : round(least, most);
  return { name, column, kind: log ? "log" : "linear", ticks: [...unset, ...marked.map((value) => ({ at: at(value), label: spelled(value) }))], at };
}

/** Return the powers of ten from one number to another, with both ends. */
export function powers(least: number, most: number): number[] {
  const found = [least];
  for (let power = Math.ceil(Math.log10(least)); power <= Math.floor(Math.log10(most)); power++) {
    const value = Number(`1e${power}`);
    if (value > least && value < most) found.push(value);
  }
  return [...found, most];
}

/** Return round numbers from one to another, about five, with both ends. */
export function round(least: number, most: number): number[] {
  const rough = (most - least) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((one) => one >= rough) ?? rough;
  const found = [least];
  for (let count = Math.floor(least / step) + 1; count * step < most; count++) {
    found.push(Number((count * step).toPrecision(12)));
  }
  return [...found, most];
}

function spelled(value: number): string {
  const plain = String(value);
  return plain.length <= 8 ? plain : String(Number(value.toPrecision(4)));
}
