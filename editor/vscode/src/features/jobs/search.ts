// Searches the history for groups and jobs that contain a text, and counts those that aren't listed. Pure.

import type { StatusArguments, StatusGroup, StatusJob } from "../../protocol";
import { moreText, type SearchResult } from "../../search";
import * as rows from "./rows";

const GROUPS = 20; // in an answer
const JOBS = 50; // listed of each group

/** A group, or one of its jobs, with the reference that commands take. */
export interface JobOrGroup {
  readonly reference: string;
  readonly group: StatusGroup;
  readonly job?: StatusJob;
}

/** A job and its group. */
export interface JobWithGroup extends JobOrGroup {
  readonly job: StatusJob;
}

/** Asks the server for groups from the history. */
export type QueryStatus = (asked: StatusArguments) => Promise<{ readonly groups: readonly StatusGroup[]; readonly more: number }>;

/** Return the jobs that contain a text, the newest groups first. */
export async function searchJobs(known: QueryStatus, text: string): Promise<SearchResult<JobWithGroup>> {
  const { groups, more } = await known({ text, limit: GROUPS, jobs: JOBS });
  return { items: groups.flatMap(jobItems), more: moreText([countUnlisted(groups), "more job"], [more, "older group"]) };
}

/** Return the jobs of a group that contain a text. */
export async function searchJobsOf(known: QueryStatus, reference: string, text: string): Promise<SearchResult<JobWithGroup>> {
  const { groups } = await known({ reference, text, jobs: GROUPS * JOBS });
  return { items: groups.flatMap(jobItems), more: moreText([countUnlisted(groups), "more job"]) };
}

/** Return the groups that contain a text and fit; `asked` is the part of that which the server can filter by. */
export async function searchGroups(known: QueryStatus, text: string, asked: StatusArguments, fits: (group: StatusGroup) => boolean): Promise<SearchResult<JobOrGroup>> {
  const { groups, more } = await queryUntilEnough(known, { ...asked, text, jobs: 0 }, fits);
  return { items: groups.map(groupItem), more: moreText([more, "older group"]) };
}

/** Return the active groups that contain a text, each with its jobs. */
export async function searchActive(known: QueryStatus, text: string): Promise<SearchResult<JobOrGroup>> {
  const { groups, more } = await queryUntilEnough(known, { text, jobs: JOBS, state: rows.ACTIVE_STATES }, ({ going }) => going > 0);
  const items = groups.flatMap((group) => [groupItem(group), ...(total(group.all_states) > 1 ? jobItems(group) : [])]);
  return { items, more: moreText([countUnlisted(groups), "more job"], [more, "older group"]) };
}

/** Ask for more groups until enough fit, since groups beyond the limit may fit, too. */
async function queryUntilEnough(known: QueryStatus, asked: StatusArguments, fits: (group: StatusGroup) => boolean): ReturnType<QueryStatus> {
  for (let limit = GROUPS; ; limit *= 4) {
    const { groups, more } = await known({ ...asked, limit });
    const found = groups.filter(fits);
    if (more === 0 || found.length >= GROUPS) return { groups: found, more };
  }
}

function groupItem(group: StatusGroup): JobOrGroup {
  // An action on a group acts on all its jobs, not only on those that contain the text.
  return { reference: group.name, group: { ...group, states: group.all_states } };
}

function jobItems(group: StatusGroup): JobWithGroup[] {
  return group.jobs.map((job) => ({ reference: job.job_id, group, job }));
}

function countUnlisted(groups: readonly StatusGroup[]): number {
  return groups.reduce((sum, { count, jobs }) => sum + count - jobs.length, 0);
}

function total(states: Readonly<Record<string, number>>): number {
  return Object.values(states).reduce((sum, count) => sum + count, 0);
}
