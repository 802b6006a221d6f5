// The parts of a plan that its page gets: all but the jobs' arguments, labels and requests. Pure.

import type { PlanHead, Problem, RowData, StateData, Value } from "../../pages/plan/messages";
import type { CloudExcess, CloudJob, CloudResult } from "../../protocol";

const CHUNK = 2000; // jobs in one message

/** A job's state, URL and error. */
export type JobOutcome = Pick<CloudJob, "index" | "state" | "url" | "error">;

export function headOf(plan: CloudResult, source: string): PlanHead {
  const { jobs: _, ...head } = plan;
  return { ...head, source };
}

/** Return the names of all parameters, in the order of the sweep. */
export function columnsOf(jobs: readonly CloudJob[]): string[] {
  const names = new Set<string>();
  for (const job of jobs) for (const name of Object.keys(job.parameters)) names.add(name);
  return [...names];
}

export function rowsOf(jobs: readonly CloudJob[], columns: readonly string[]): RowData[] {
  return jobs.map((job) => [job.index, job.same_as, ...columns.map((name) => valueOf(job.parameters[name]))]);
}

export function statesOf(jobs: readonly JobOutcome[]): StateData[] {
  return jobs.map((job) => [job.index, job.state, job.url !== null, job.error]);
}

/** Return how many jobs are in each state. */
export function countsOf(jobs: readonly JobOutcome[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { state } of jobs) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

/** Yield a list in chunks that fit into a message. */
export function* chunks<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += CHUNK) yield items.slice(start, start + CHUNK);
}

/**
 * Return the arguments that raise the exceeded limits; an empty object within the limits.
 *
 * @param typed the number that the user typed; over a limit, undefined is returned unless it is the number of jobs.
 */
export function allowedArguments({ count, over_limits }: Pick<CloudResult, "count" | "over_limits">, typed: number | null): Record<string, number> | undefined {
  return over_limits.length === 0 || typed === count ? allowedBy(over_limits) : undefined;
}

/** Return a request as JSON text, to show and to copy. */
export function requestText(job: CloudJob): string {
  return JSON.stringify(job.request, undefined, 2);
}

export function excessProblem(excesses: readonly CloudExcess[]): Problem {
  return { message: excesses.map(({ message }) => message).join("; "), hint: excesses.map(({ hint }) => hint).join(" ").trim() };
}

/** Return the arguments that raise the exceeded limits, undefined if one of them can't be raised. */
function allowedBy(excesses: readonly CloudExcess[]): Record<string, number> | undefined {
  const allowed: Record<string, number> = {};
  for (const { allowed_by } of excesses) {
    if (allowed_by === null) return undefined;
    Object.assign(allowed, allowed_by);
  }
  return allowed;
}

function valueOf(value: unknown): Value {
  if (value === undefined || value === null) return null;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  return JSON.stringify(value);
}
