// The jobs of a sweep to choose from: those that have a text, as the server finds them. Pure.

import type { ExpandArguments, ExpandResult } from "../../protocol";
import { type SearchResult, moreText } from "../../search";
import { shellJoin } from "../../format";

export const LISTED = 1_000; // jobs of an answer

/** As many jobs the server looks for a text in. */
const SEARCHABLE = 100_000;

export type Expand = (asks: Pick<ExpandArguments, "limit" | "text">) => Promise<ExpandResult>;

/** A job of a sweep as a row. */
export interface Combination {
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly alwaysShow: boolean;
  readonly index: number;
}

/** Return the jobs that have a text; of a sweep that can't be searched, its first ones. */
export async function searchCombinations(expand: Expand, whole: ExpandResult, text: string): Promise<SearchResult<Combination>> {
  const searched = whole.count <= SEARCHABLE;
  const { count, jobs } = text === "" || !searched ? whole : await expand({ limit: LISTED, text });
  const items = jobs.map(({ index, args }) => ({
    id: String(index),
    label: shellJoin(args) || "no flags",
    description: `job ${index}`,
    // Where the server hasn't searched, VS Code does, in what is listed.
    alwaysShow: searched,
    index,
  }));
  const left = count - items.length;
  return { items, more: searched ? moreText([left, "more job"]) : `${left.toLocaleString("en-US")} more jobs: put the cursor on a value for those that have it` };
}
