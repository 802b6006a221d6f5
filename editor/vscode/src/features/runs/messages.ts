// Texts about expansions, dry runs, builds and runs. Pure.

import { duration, quantity, shellJoin } from "../../format";
import type { BuildResult, ExpandResult, RunJob, RunResult } from "../../protocol";
import type { JobUpdate } from "../../server/calls";

/** Return an expansion as text: the number of jobs, and the flags of each. */
export function expansionText(name: string, { count, jobs }: ExpandResult): string {
  const lines = [`# ${name}: ${quantity(count, "job")}`, "", ...numberedJobs(jobs)];
  if (jobs.length < count) lines.push("", `# … and ${quantity(count - jobs.length, "more job")}`);
  return `${lines.join("\n")}\n`;
}

/** Return a dry run as text: the image, and the flags of each job. */
export function dryRunText(module: string | undefined, { group, image, jobs }: RunResult): string {
  const lines = [
    `# Dry run: nothing was built or run.`,
    `# ${quantity(jobs.length, "job")}, to be called ${group}`,
    `# image   ${image}`,
    ...(module === undefined ? [] : [`# module  ${module}`]),
    "",
    ...numberedJobs(jobs),
  ];
  return `${lines.join("\n")}\n`;
}

function numberedJobs(jobs: readonly { index: number; args: readonly string[] }[]): string[] {
  const width = String(jobs.at(-1)?.index ?? 1).length;
  return jobs.map(({ index, args }) => `${String(index).padStart(width)}  ${args.length > 0 ? shellJoin(args) : "# no flags"}`);
}

/** Return the message about an image that was built. */
export function buildMessage({ tag, cached, seconds }: BuildResult): string {
  return cached ? `The image is up to date: ${tag}` : `The image is built, in ${duration(seconds)}: ${tag}`;
}

/** The result of a run: whether a job failed, the message, and the first job that failed. */
export interface RunSummary {
  readonly failed: boolean;
  readonly text: string;
  readonly first: RunJob | undefined;
}

/** Return the summary of a run that has ended. */
export function runSummary(title: string, { group, jobs }: RunResult): RunSummary {
  if (jobs.length === 0) return { failed: false, text: `Every job of ${group} succeeded before; nothing was run again.`, first: undefined };
  const states = new Map<string, number>();
  for (const job of jobs) states.set(job.state, (states.get(job.state) ?? 0) + 1);
  const first = jobs.find((job) => job.state === "FAILED");
  const all = states.size === 1 ? jobs[0]?.state : undefined;
  const said = all !== undefined && jobs.length > 1
    ? `all ${quantity(jobs.length, "job")} ${stateWord(all)}`
    : [...states].map(([state, count]) => `${quantity(count, "job")} ${stateWord(state)}`).join(", ");
  const metrics = jobs.length === 1 ? metricsText(jobs[0]?.metrics) : "";
  const why = jobs.length === 1 && first?.error ? `: ${first.error}` : "";
  return { failed: first !== undefined, text: `${title}: ${said}${why}${metrics}`, first };
}

function stateWord(state: string): string {
  return state === "QUEUED" ? "on the way" : state === "CANCELLED" ? "stopped" : state.toLowerCase();
}

function metricsText(metrics: Readonly<Record<string, number>> = {}): string {
  const listed = Object.entries(metrics).map(([name, value]) => `${name} ${value}`);
  return listed.length === 0 ? "" : ` (${listed.join(", ")})`;
}

const COLOURS: Readonly<Record<string, number>> = { RUNNING: 36, SUCCEEDED: 32, FAILED: 31, CANCELLED: 33 };

/** Return the terminal's line about a job that starts or has ended, with the job's index. */
export function jobLine(update: JobUpdate): string {
  const name = `[${update.index}]`;
  if (update.state === "RUNNING") return coloured(`${name} ${shellJoin(update.args) || "no flags"}`, "RUNNING");
  const time = typeof update.seconds !== "number" ? "" : ` in ${duration(update.seconds)}`;
  const error = update.error ? `: ${update.error}` : "";
  return coloured(`${name} ${stateWord(update.state)}${time}${error}${metricsText(update.metrics)}`, update.state);
}

/** Return a text in the colour of a state, with ANSI escape sequences. */
export function coloured(text: string, state: string): string {
  return `\u001b[${COLOURS[state] ?? 0}m${text}\u001b[0m`;
}
