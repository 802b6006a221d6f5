// Finds the groups and jobs that a command acts on: from a row, a key binding's arguments, or a list to choose from.

import * as vscode from "vscode";
import type { Extension } from "../../feature";
import type { StatusArguments, StatusGroup, StatusResult } from "../../protocol";
import { searchAndPick, searchAndPickSome, type SearchItem } from "../../quickPicks";
import type { SearchResult } from "../../search";
import { SILENT_LISTENER } from "../../server/calls";
import { type CommandArguments, commandArguments } from "../../targets";
import { themeIcon } from "./icons";
import type { JobsRow } from "./rows";
import * as rows from "./rows";
import { type JobOrGroup, type JobWithGroup, type QueryStatus, searchActive, searchGroups, searchJobs, searchJobsOf } from "./search";

interface TargetItem<Of extends JobOrGroup> extends SearchItem {
  readonly target: Of;
}

export function isRow(argument: unknown): argument is JobsRow {
  return typeof argument === "object" && argument !== null && "kind" in argument;
}

/** Return the references in an argument: a row's, or those in `references`, `reference`, `job` and `group`. */
export function referencesOf(argument: unknown): string[] {
  if (isRow(argument)) {
    if (argument.kind === "job") return [argument.job.job_id];
    return argument.kind === "group" ? [argument.group.name] : [];
  }
  const { references, reference, job, group }: CommandArguments = commandArguments(argument);
  if (Array.isArray(references)) return references.map(String);
  return [reference, job, group].filter((one): one is string => typeof one === "string");
}

/** Return the status from the history alone, without asking Google or the engine. */
export async function recordedStatus(extension: Extension, asked: StatusArguments): Promise<StatusResult> {
  return extension.server.call("status", { ...asked, offline: true }, { listener: SILENT_LISTENER });
}

function queryStatus(extension: Extension): QueryStatus {
  return (asked) => recordedStatus(extension, asked);
}

/**
 * Return a group by a reference to it or to one of its jobs, with that job.
 *
 * @throws {CommandError} there is no such group or job.
 */
export async function findTarget(extension: Extension, reference: string): Promise<JobOrGroup> {
  const [group] = (await recordedStatus(extension, { reference, jobs: 1 })).groups;
  if (group === undefined) throw new Error(`There is no group ${reference}.`);
  const [job] = group.jobs;
  // Only an answer about a single job has the command that runs it again.
  return job === undefined || job.command === null ? { reference, group } : { reference, group, job };
}

/**
 * Let the user choose a group that fits.
 *
 * @throws {vscode.CancellationError} the user chose none.
 */
export async function pickGroup(
  extension: Extension,
  what: string,
  none: string,
  fits: (group: StatusGroup) => boolean,
  asked: StatusArguments = {},
): Promise<JobOrGroup> {
  const ask = async (text: string) => items(await searchGroups(queryStatus(extension), text, asked, fits));
  return (await searchAndPick(ask, what, none)).target;
}

/**
 * Return the job that an argument names; otherwise let the user choose one, from the named group or from all.
 *
 * @throws {vscode.CancellationError} the user chose none.
 */
export async function pickJob(extension: Extension, argument: unknown, what: string): Promise<JobWithGroup> {
  const [reference] = referencesOf(argument);
  if (reference === undefined) {
    const ask = async (text: string) => items(await searchJobs(queryStatus(extension), text));
    return (await searchAndPick(ask, what, "No job has been run or submitted from this machine yet.")).target;
  }
  const { group, job } = await findTarget(extension, reference);
  if (job !== undefined) return { reference, group, job };
  const [only, another] = (await searchJobsOf(queryStatus(extension), group.name, "")).items;
  if (only !== undefined && another === undefined) return only;
  const ask = async (text: string) => items(await searchJobsOf(queryStatus(extension), group.name, text));
  return (await searchAndPick(ask, what, `${group.name} has no jobs.`)).target;
}

/**
 * Let the user choose the groups and jobs to stop, from those that are active.
 *
 * @throws {vscode.CancellationError} the user chose none.
 */
export async function pickActive(extension: Extension): Promise<JobOrGroup[]> {
  const ask = async (text: string) => items(await searchActive(queryStatus(extension), text));
  return (await searchAndPickSome(ask, "Stop what?", "No job is active, so there is none to stop.")).map(({ target }) => target);
}

function items<Of extends JobOrGroup>({ items: found, more }: SearchResult<Of>): SearchResult<TargetItem<Of>> {
  // The server has filtered already; VS Code must not hide matches in text that it doesn't show.
  return { items: found.map((target) => ({ ...itemText(target), id: target.reference, alwaysShow: true, target })), more };
}

function itemText({ group, job }: JobOrGroup): vscode.QuickPickItem {
  const now = Date.now();
  if (job === undefined) {
    return { label: group.title, description: rows.groupDescription(group, now), detail: group.name, iconPath: themeIcon(rows.groupIcon(group)) };
  }
  return { label: rows.jobLabel(job), description: `${group.title} · ${rows.jobDescription(job, now)}`, iconPath: themeIcon(rows.stateIcon(job.state)) };
}
