// Which groups and jobs a command is about: a row, what a key binding names, or what is chosen from a list.

import * as vscode from "vscode";
import type { Extension } from "../../feature";
import type { StatusArguments, StatusGroup, StatusJob } from "../../protocol";
import type { JobListener } from "../../server";
import { type Given, given } from "../../targets";
import * as rows from "./rows";
import type { Row } from "./tree";

const LISTED = 100; // groups of a list
const JOBS_LISTED = 20; // jobs of each
const GROUP_LISTED = 1_000; // jobs of a group that is named

/** A group or a job as commands name it, and what it is. */
export interface Meant {
  readonly reference: string;
  readonly group: StatusGroup;
  readonly job?: StatusJob;
}

/** A job that is meant, and its group. */
export interface OneJob extends Meant {
  readonly job: StatusJob;
}

interface Item<Of extends Meant> extends vscode.QuickPickItem {
  readonly meant: Of;
}

export function isRow(argument: unknown): argument is Row {
  return typeof argument === "object" && argument !== null && "kind" in argument;
}

/** Return what an argument names: `references`, `reference`, `job` or `group`; nothing where it names nothing. */
export function named(argument: unknown): string[] {
  if (isRow(argument)) {
    if (argument.kind === "job") return [argument.job.job_id];
    return argument.kind === "group" ? [argument.group.name] : [];
  }
  const { references, reference, job, group }: Given = given(argument);
  if (Array.isArray(references)) return references.map(String);
  return [reference, job, group].filter((one): one is string => typeof one === "string");
}

/** Takes no notice; with a listener, a call shows no progress in the status bar. */
export const QUIET: JobListener = { job: () => undefined, log: () => undefined };

/** Ask what is written down, and nobody else. */
export async function known(extension: Extension, asked: StatusArguments): Promise<readonly StatusGroup[]> {
  return (await extension.server.call("status", { ...asked, offline: true }, { listener: QUIET })).groups;
}

/**
 * Return a group by a reference to it or to one of its jobs, with that job.
 *
 * @throws {CommandError} there is none.
 */
export async function look(extension: Extension, reference: string): Promise<Meant> {
  const [group] = await known(extension, { reference, jobs: 1 });
  if (group === undefined) throw new Error(`There is no group ${reference}.`);
  const [job] = group.jobs;
  // Only a job that was named itself says what runs it once more.
  return job === undefined || job.command === null ? { reference, group } : { reference, group, job };
}

/**
 * Let the user choose groups that fit.
 *
 * @throws {vscode.CancellationError} none was chosen.
 */
export async function pickGroup(extension: Extension, what: string, none: string, fits: (group: StatusGroup) => boolean): Promise<Meant> {
  const groups = (await known(extension, { limit: LISTED, jobs: 0 })).filter(fits);
  return one(groups.map(groupItem), what, none);
}

/**
 * Let the user choose a job.
 *
 * @throws {vscode.CancellationError} none was chosen.
 */
async function pickJob(extension: Extension, what: string): Promise<OneJob> {
  const groups = await known(extension, { limit: LISTED, jobs: JOBS_LISTED });
  return one(groups.flatMap(jobItems), what, "No job has been run or submitted from this machine so far.");
}

/**
 * Return the one job that an argument names, or that the user chooses, of its group if that is named.
 *
 * @throws {vscode.CancellationError} none was chosen.
 */
export async function oneJob(extension: Extension, argument: unknown, what: string): Promise<OneJob> {
  const [reference] = named(argument);
  if (reference === undefined) return pickJob(extension, what);
  const { group, job } = await look(extension, reference);
  if (job !== undefined) return { reference, group, job };
  const [whole] = await known(extension, { reference: group.name, jobs: GROUP_LISTED });
  const jobs = whole?.jobs ?? [];
  const only = jobs[0];
  if (only !== undefined && jobs.length === 1) return { reference: only.job_id, group, job: only };
  return one(whole === undefined ? [] : jobItems(whole), what, `${group.name} has no jobs.`);
}

/**
 * Let the user choose what to stop of all that goes on: whole groups and single jobs.
 *
 * @throws {vscode.CancellationError} nothing was chosen.
 */
export async function pickLive(extension: Extension): Promise<Meant[]> {
  const groups = (await known(extension, { limit: LISTED, jobs: JOBS_LISTED, state: rows.LIVE })).filter(({ going }) => going > 0);
  if (groups.length === 0) throw new Error("No job goes on now, so there is none to stop.");
  const items = groups.flatMap((group) => [groupItem(group), ...(group.count > 1 ? jobItems(group) : [])]);
  const chosen = await vscode.window.showQuickPick(items, { placeHolder: "Stop what?", canPickMany: true, matchOnDescription: true });
  if (chosen === undefined || chosen.length === 0) throw new vscode.CancellationError();
  return chosen.map(({ meant }) => meant);
}

async function one<Of extends Meant>(items: readonly Item<Of>[], what: string, none: string): Promise<Of> {
  if (items.length === 0) throw new Error(none);
  const chosen = await vscode.window.showQuickPick(items, { placeHolder: what, matchOnDescription: true });
  if (chosen === undefined) throw new vscode.CancellationError();
  return chosen.meant;
}

function groupItem(group: StatusGroup): Item<Meant> {
  return {
    label: group.title,
    description: rows.groupDescription(group, Date.now()),
    detail: group.name,
    iconPath: icon(rows.groupPicture(group)),
    meant: { reference: group.name, group },
  };
}

function jobItems(group: StatusGroup): Item<OneJob>[] {
  return group.jobs.map((job) => ({
    label: rows.jobLabel(job),
    description: `${group.title} · ${rows.jobDescription(job, Date.now())}`,
    iconPath: icon(rows.picture(job.state)),
    meant: { reference: job.job_id, group, job },
  }));
}

function icon({ icon, colour }: rows.Picture): vscode.ThemeIcon {
  return new vscode.ThemeIcon(icon, new vscode.ThemeColor(colour));
}
