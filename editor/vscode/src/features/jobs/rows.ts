// The rows of the Jobs view: labels, icons and actions. Pure.

import { age, duration, quantity, shellJoin } from "../../format";
import type { StatusGroup, StatusJob } from "../../protocol";

export interface GroupRow {
  readonly kind: "group";
  readonly group: StatusGroup;
}

export interface JobRow {
  readonly kind: "job";
  readonly group: StatusGroup;
  readonly job: StatusJob;
}

/** Stands for jobs of a group, or older groups, that aren't listed yet. */
export interface MoreRow {
  readonly kind: "more";
  readonly group?: string;
  readonly left?: number;
}

export type JobsRow = GroupRow | JobRow | MoreRow;

/** An icon of VS Code, and the theme colour that it is drawn in. */
export interface RowIcon {
  readonly icon: string;
  readonly colour: string;
}

const ICONS: Readonly<Record<string, RowIcon>> = {
  PLANNED: { icon: "circle-large-outline", colour: "disabledForeground" },
  SUBMITTING: { icon: "cloud-upload", colour: "charts.yellow" },
  QUEUED: { icon: "history", colour: "testing.iconQueued" },
  PREPARING: { icon: "server-process", colour: "charts.yellow" },
  RUNNING: { icon: "play-circle", colour: "charts.blue" },
  SUCCEEDED: { icon: "pass", colour: "testing.iconPassed" },
  FAILED: { icon: "error", colour: "charts.red" },
  CANCELLING: { icon: "stop-circle", colour: "charts.orange" },
  CANCELLED: { icon: "circle-slash", colour: "disabledForeground" },
  UNKNOWN: { icon: "question", colour: "charts.orange" },
};

/** States in the order in which they decide a group's icon, the most important first. */
const BY_WEIGHT = ["RUNNING", "PREPARING", "QUEUED", "SUBMITTING", "CANCELLING", "FAILED", "UNKNOWN", "PLANNED", "CANCELLED", "SUCCEEDED"];

/** States of jobs that run or wait. */
export const ACTIVE_STATES = ["PLANNED", "SUBMITTING", "QUEUED", "PREPARING", "RUNNING", "CANCELLING"];

/** States of jobs that may be submitted again. */
export const RESUBMITTABLE_STATES = ["FAILED", "CANCELLED"];

/** States of jobs that may not have been sent. */
export const UNSENT_STATES = ["PLANNED", "SUBMITTING", "UNKNOWN"];

export function stateIcon(state: string): RowIcon {
  return ICONS[state] ?? { icon: "question", colour: "charts.orange" };
}

/** Return a group's icon: that of its most important active state, or else of its worst final state. */
export function groupIcon({ all_states, going }: StatusGroup): RowIcon {
  const states = BY_WEIGHT.filter((state) => (all_states[state] ?? 0) > 0 && (going > 0 || !ACTIVE_STATES.includes(state) || state === "PLANNED"));
  return stateIcon(states[0] ?? "UNKNOWN");
}

/** Return a group's description: states, cost, age and hardware. */
export function groupDescription(group: StatusGroup, now: number): string {
  const parts = [states(group.states), cost(group), age(Date.parse(group.created), now), hardware(group)];
  return parts.filter((part) => part !== "").join(" · ");
}

/** Return how many jobs are in which state: `8 succeeded`, `3 running, 1 failed of 4`. */
export function states(counts: Readonly<Record<string, number>>): string {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const known = BY_WEIGHT.filter((state) => (counts[state] ?? 0) > 0);
  const words = known.map((state) => `${(counts[state] ?? 0).toLocaleString("en-US")} ${state.toLowerCase()}`);
  return known.length > 1 ? `${words.join(", ")} of ${all.toLocaleString("en-US")}` : words.join("");
}

/** Return a group's cost so far; an empty text for local groups. */
export function cost({ backend, cost: known }: StatusGroup): string {
  if (known !== null) return money(known.so_far, known.currency);
  return backend === "local" ? "" : "cost unknown";
}

export function money(amount: number, currency: string): string {
  const digits = amount.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return currency === "USD" ? `$${digits}` : `${digits} ${currency}`;
}

export function hardware({ machine_type, accelerator, spot }: StatusGroup): string {
  return [machine_type, accelerator, spot ? "spot" : null].filter((part) => part !== null).join(" ");
}

/** Return a job's label: its index and its arguments. */
export function jobLabel({ index, args }: StatusJob): string {
  return `${index}  ${shellJoin(args) || "no arguments"}`;
}

/** Return a job's description. */
export function jobDescription(job: StatusJob, now: number): string {
  const metrics = Object.entries(job.metrics).map(([name, value]) => `${name} ${number(value)}`);
  const why = job.state === "FAILED" ? (job.error ?? (job.exit_code === null ? null : `exit code ${job.exit_code}`)) : null;
  const parts = [timed(job, now), job.gone ? "no longer known to Google" : "", metrics.join(", "), why === null ? "" : firstLine(why)];
  return parts.filter((part) => part !== "").join(" · ");
}

function timed({ state, started, ended, seconds, gone }: StatusJob, now: number): string {
  const word = state.toLowerCase();
  if (state === "RUNNING" && started !== null && !gone) return `${word} ${age(Date.parse(started), now)}`;
  if (ended !== null && seconds !== null) return `${word} after ${duration(seconds)}`;
  return word;
}

/** Return a number with five significant digits. */
export function number(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString("en-US") : String(Number(value.toPrecision(5)));
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]?.trim() ?? "";
}

/** Return a row's context value: words that the menus' `when` clauses look for. */
export function jobContext(job: StatusJob, backend: string): string {
  const live = ACTIVE_STATES.includes(job.state) && !job.gone;
  const again = backend !== "local" && RESUBMITTABLE_STATES.includes(job.state);
  return ["job", live ? "live" : "", job.url === null ? "" : "console", again ? "again" : ""].filter(Boolean).join(" ");
}

export function groupContext({ backend, all_states, going, unsent }: StatusGroup): string {
  const again = backend !== "local" && RESUBMITTABLE_STATES.some((state) => (all_states[state] ?? 0) > 0);
  return ["group", going > 0 ? "live" : "", again ? "again" : "", unsent > 0 ? "resume" : ""].filter(Boolean).join(" ");
}

/** Return the view's badge: how many jobs run or have failed; undefined while no group is active. */
export function badge(groups: readonly StatusGroup[]): { value: number; tooltip: string } | undefined {
  const live = groups.filter(({ going }) => going > 0);
  const sum = (state: string) => live.reduce((total, { all_states }) => total + (all_states[state] ?? 0), 0);
  const [running, failed] = [sum("RUNNING"), sum("FAILED")];
  if (running + failed === 0) return undefined;
  const parts = [running > 0 ? `${quantity(running, "job")} running` : "", failed > 0 ? `${quantity(failed, "job")} failed` : ""];
  return { value: running + failed, tooltip: parts.filter(Boolean).join(", ") };
}

/** Return the message about a group's end, and whether it is bad news. */
export function endMessage({ name, all_states }: StatusGroup): { text: string; failed: boolean } {
  const failed = (all_states.FAILED ?? 0) + (all_states.UNKNOWN ?? 0) > 0;
  return { text: `${name} has ended: ${states(all_states)}`, failed };
}
