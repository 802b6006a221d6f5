// The rows of a plan's table, sorted and filtered. Pure.

import type { RowData, Value } from "./messages";

/** A job. Its place is its index in the list of rows. */
export interface PlanRow {
  readonly index: number;
  readonly sameAs: number | null;
  readonly values: readonly Value[];
  state: string;
  console: boolean;
  error: string | null;
}

/** The sort order: by a parameter's column, the job's index or its state; `down` reverses it. */
export interface RowOrder {
  readonly by: number | "index" | "state";
  readonly down: boolean;
}

export function rowOf([index, sameAs, ...values]: RowData): PlanRow {
  return { index, sameAs, values, state: "PLANNED", console: false, error: null };
}

/** Return a value as text. */
export function shown(value: Value): string {
  return value === null ? "" : String(value);
}

const words = new Intl.Collator("en", { numeric: true });

/** Compare two values: numbers first, by size; texts in natural order. */
export function compare(one: Value, other: Value): number {
  if (typeof one === "number" && typeof other === "number") return one - other;
  if (typeof one === "number") return -1;
  if (typeof other === "number") return 1;
  return words.compare(String(one), String(other));
}

/** Return the places of rows in an order. Unset values come last in both directions; the sort is stable. */
export function sortRows(rows: readonly PlanRow[], places: readonly number[], order: RowOrder): number[] {
  const sign = order.down ? -1 : 1;
  const key = (place: number): Value => {
    const row = rows[place];
    if (row === undefined) return null;
    if (order.by === "index") return row.index;
    return order.by === "state" ? row.state : row.values[order.by] ?? null;
  };
  const keyed = places.map((place) => ({ place, key: key(place) }));
  keyed.sort((one, other) => {
    if (one.key === null || other.key === null) {
      if (one.key === other.key) return one.place - other.place;
      return one.key === null ? 1 : -1;
    }
    return sign * compare(one.key, other.key) || one.place - other.place;
  });
  return keyed.map(({ place }) => place);
}

/** Whether a row is shown. */
export type RowFilter = (row: PlanRow) => boolean;

const TERM = /^(.+?)(<=|>=|!=|=|<|>)(.*)$/;

/**
 * Return the filter of a text: words that a row contains, and comparisons such as `lr<=0.01` or `model=cnn`, all of
 * which have to hold.
 */
export function filterOf(text: string, columns: readonly string[]): RowFilter {
  const terms = text.split(/\s+/).filter((term) => term !== "").map((term) => termOf(term, columns));
  return (row) => terms.every((term) => term(row));
}

function termOf(term: string, columns: readonly string[]): RowFilter {
  const [, name = "", sign = "", wanted = ""] = TERM.exec(term) ?? [];
  const column = columns.findIndex((one) => one.toLowerCase() === name.toLowerCase());
  if (column >= 0 && wanted !== "") {
    return (row) => compares(row.values[column] ?? null, sign, wanted);
  }
  const part = term.toLowerCase();
  return (row) =>
    row.values.some((value) => shown(value).toLowerCase().includes(part)) ||
    String(row.index) === part ||
    row.state.toLowerCase().includes(part) ||
    (row.error?.toLowerCase().includes(part) ?? false);
}

function compares(value: Value, sign: string, wanted: string): boolean {
  const number = Number(wanted);
  const numeric = typeof value === "number" && !Number.isNaN(number);
  const same = numeric ? value === number : shown(value).toLowerCase() === wanted.toLowerCase();
  if (sign === "=") return same;
  if (sign === "!=") return !same;
  if (value === null) return false;
  const difference = numeric ? value - number : words.compare(shown(value), wanted);
  if (sign === "<") return difference < 0;
  if (sign === ">") return difference > 0;
  return sign === "<=" ? difference <= 0 : difference >= 0;
}

/** Return the width of each column in characters, from its head and a sample of the rows. */
export function widths(heads: readonly string[], rows: readonly PlanRow[], { least = 6, most = 40 } = {}): number[] {
  const step = Math.max(1, Math.floor(rows.length / 500));
  return heads.map((head, column) => {
    let longest = head.length + 3;
    for (let place = 0; place < rows.length; place += step) {
      longest = Math.max(longest, shown(rows[place]?.values[column] ?? null).length);
    }
    return Math.min(most, Math.max(least, longest));
  });
}
