// Tooltips with all facts of a group or a job, as Markdown. Foreign text is escaped, so that it can't act or load. Pure.

import { duration, shellJoin } from "../../format";
import type { StatusGroup, StatusJob } from "../../protocol";
import { cost, hardware, number, states } from "./rows";

const LONGEST = 2_000; // characters of one value

/** Return a text, escaped for Markdown. */
export function plain(text: string): string {
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return short.replace(/[\\`*_{}[\]()#+\-.!|<>~&$:@/]/g, (sign) => `&#${String(sign.codePointAt(0))};`).replace(/\s+/g, " ");
}

/** Return a fenced code block, with more backticks than the text contains. */
export function code(text: string): string {
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  const longest = Math.max(2, ...[...short.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}sh\n${short}\n${fence}`;
}

export function groupTooltip(group: StatusGroup): string {
  const place = [group.project_id, group.region].filter((part) => part !== null).join(", ");
  const price = group.cost === null ? "" : ` (${group.cost.per_job_hour.toFixed(2)} ${group.cost.currency} an hour for each job)`;
  const spent = cost(group);
  return page(group.name, [
    ["jobs", states(group.all_states)],
    ["backend", [group.backend, place].filter(Boolean).join(", ")],
    ["machine", hardware(group)],
    ["cost so far", spent === "" ? "" : `${spent}${price}`],
    ["hours", group.hours > 0 ? group.hours.toFixed(2) : ""],
    ["started", moment(group.created)],
    ["folder", group.folder],
    ["image", group.image ?? ""],
    ["not sent", group.unsent > 0 ? `${group.unsent}; “Resume” sends them` : ""],
    ["no longer known to Google", group.gone > 0 ? String(group.gone) : ""],
  ]);
}

export function jobTooltip(job: StatusJob, group: StatusGroup): string {
  const metrics: [string, string][] = Object.entries(job.metrics).map(([name, value]) => [name, number(value)]);
  const place = [group.project_id, group.region].filter((part) => part !== null).join(", ");
  const text = page(job.job_id, [
    ["state", job.gone ? `${job.state}, and no longer known to Google` : job.state],
    ["exit code", job.exit_code === null ? "" : String(job.exit_code)],
    ["created", moment(job.created)],
    ["started", moment(job.started)],
    ["ended", moment(job.ended)],
    ["ran for", job.seconds === null ? "" : duration(job.seconds)],
    ...metrics,
    ["backend", [group.backend, place].filter(Boolean).join(", ")],
    ["machine", hardware(group)],
    ["image", group.image ?? ""],
    ["name", job.name ?? ""],
  ]);
  const args = job.args.length > 0 ? `\n\n${code(shellJoin(job.args))}` : "";
  const error = job.error === null ? "" : `\n\n${plain(job.error)}`;
  return `${text}${args}${error}`;
}

/** Return a time without fractions of a second. */
function moment(time: string | null): string {
  return (time ?? "").replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(?:\+00:00|Z)$/, "$1 $2 UTC");
}

function page(title: string, rows: readonly (readonly [string, string])[]): string {
  const lines = rows.filter(([, value]) => value !== "").map(([name, value]) => `| ${plain(name)} | ${plain(value)} |`);
  return [`**${plain(title)}**`, "", "| | |", "|:--|:--|", ...lines].join("\n");
}
