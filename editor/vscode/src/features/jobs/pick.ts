// Which groups and jobs a command is about: a row, what a key binding names, or what is chosen from a list.

import * as vscode from "vscode";
import type { Extension } from "../../feature";
import { type SearchedItem, search, searchSome } from "../../picks";
import type { StatusArguments, StatusGroup, StatusResult } from "../../protocol";
import type { Found } from "../../search";
import { QUIET } from "../../server/calls";
import { type Given, given } from "../../targets";
import { groupsWith, jobsOfGroup, jobsWith, type Known, liveWith, type Meant, type OneJob } from "./found";
import { icon } from "./icons";
import type { Row } from "./rows";
import * as rows from "./rows";

interface Item<Of extends Meant> extends SearchedItem {
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

/** Ask what is written down, and nobody else. */
export async function known(extension: Extension, asked: StatusArguments): Promise<StatusResult> {
  return extension.server.call("status", { ...asked, offline: true }, { listener: QUIET });
}

function knownBy(extension: Extension): Known {
  return (asked) => known(extension, asked);
}

/**
 * Return a group by a reference to it or to one of its jobs, with that job.
 *
 * @throws {CommandError} there is none.
 */
export async function look(extension: Extension, reference: string): Promise<Meant> {
  const [group] = (await known(extension, { reference, jobs: 1 })).groups;
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
export async function pickGroup(
  extension: Extension,
  what: string,
  none: string,
  fits: (group: StatusGroup) => boolean,
  asked: StatusArguments = {},
): Promise<Meant> {
  const ask = async (text: string) => items(await groupsWith(knownBy(extension), text, asked, fits));
  return (await search(ask, what, none)).meant;
}

/**
 * Return the one job that an argument names, or that the user chooses, of its group if that is named.
 *
 * @throws {vscode.CancellationError} none was chosen.
 */
export async function oneJob(extension: Extension, argument: unknown, what: string): Promise<OneJob> {
  const [reference] = named(argument);
  if (reference === undefined) {
    const ask = async (text: string) => items(await jobsWith(knownBy(extension), text));
    return (await search(ask, what, "No job has been run or submitted from this machine so far.")).meant;
  }
  const { group, job } = await look(extension, reference);
  if (job !== undefined) return { reference, group, job };
  const [only, another] = (await jobsOfGroup(knownBy(extension), group.name, "")).items;
  if (only !== undefined && another === undefined) return only;
  const ask = async (text: string) => items(await jobsOfGroup(knownBy(extension), group.name, text));
  return (await search(ask, what, `${group.name} has no jobs.`)).meant;
}

/**
 * Let the user choose what to stop of all that goes on: whole groups and single jobs.
 *
 * @throws {vscode.CancellationError} nothing was chosen.
 */
export async function pickLive(extension: Extension): Promise<Meant[]> {
  const ask = async (text: string) => items(await liveWith(knownBy(extension), text));
  return (await searchSome(ask, "Stop what?", "No job goes on now, so there is none to stop.")).map(({ meant }) => meant);
}

function items<Of extends Meant>({ items: found, more }: Found<Of>): Found<Item<Of>> {
  // The server has searched: what it found is shown, also where the text stands in something that isn't.
  return { items: found.map((meant) => ({ ...described(meant), id: meant.reference, alwaysShow: true, meant })), more };
}

function described({ group, job }: Meant): vscode.QuickPickItem {
  const now = Date.now();
  if (job === undefined) {
    return { label: group.title, description: rows.groupDescription(group, now), detail: group.name, iconPath: icon(rows.groupPicture(group)) };
  }
  return { label: rows.jobLabel(job), description: `${group.title} · ${rows.jobDescription(job, now)}`, iconPath: icon(rows.picture(job.state)) };
}
