// Searches a sweep for jobs that contain a text. Pure.

import { shellJoin } from "../../format";
import type { ExpandArguments, ExpandResult } from "../../protocol";
import { moreText, type SearchResult } from "../../search";

export const LISTED = 1_000; // jobs

/** The server searches sweeps of up to so many jobs. */
const SEARCHABLE = 100_000;

export type Expand = (asks: Pick<ExpandArguments, "limit" | "text">) => Promise<ExpandResult>;

/** A job of a sweep, as a row. */
export interface Combination {
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly alwaysShow: boolean;
  readonly index: number;
}

/** Return the jobs that contain a text; if the sweep is too large to search, its first jobs. */
export async function searchCombinations(expand: Expand, whole: ExpandResult, text: string): Promise<SearchResult<Combination>> {
  const searched = whole.count <= SEARCHABLE;
  const { count, jobs } = text === "" || !searched ? whole : await expand({ limit: LISTED, text });
  const items = jobs.map(({ index, args }) => ({
    id: String(index),
    label: shellJoin(args) || "no flags",
    description: `job ${index}`,
    // If the server hasn't searched, VS Code filters the listed jobs.
    alwaysShow: searched,
    index,
  }));
  const left = count - items.length;
  return { items, more: searched ? moreText([left, "more job"]) : `${left.toLocaleString("en-US")} more jobs: put the cursor on a value to list its jobs` };
}
