// Formats the numbers of a plan for people. Pure.

import { quantity } from "../../format";

/** Return an amount of money, with more decimals for small amounts. */
export function money(amount: number, currency: string): string {
  const digits = amount !== 0 && amount < 1 ? 4 : 2;
  return `${amount.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: digits })} ${currency}`;
}

const SPANS: readonly (readonly [number, string])[] = [
  [86400, "day"],
  [3600, "hour"],
  [60, "minute"],
  [1, "second"],
];

/** Return a duration in its two largest units. */
export function duration(seconds: number): string {
  let rest = Math.max(1, Math.round(seconds));
  if (rest >= 3600) rest = Math.round(rest / 60) * 60;
  const said: string[] = [];
  for (const [size, unit] of SPANS) {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    if (amount > 0) said.push(quantity(amount, unit));
    else if (said.length > 0) break;
    if (said.length === 2) break;
  }
  return said.join(" ");
}

/** Return how many jobs are in each state: "2 queued, 1 failed". */
export function states(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([state, amount]) => `${amount.toLocaleString("en-US")} ${state.toLowerCase()}`)
    .join(", ");
}
