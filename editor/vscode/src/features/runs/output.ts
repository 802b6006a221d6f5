// What a run's terminal shows: the output of its jobs, each line with its job's number where there are several.
// Pure: pieces in, text for a terminal out.

import type { JobUpdate, LogChunk } from "../../server/calls";
import { jobLine } from "./messages";

/** Puts together what jobs print; only whole lines once several run at a time, so that no two are mixed. */
export class RunOutput {
  private readonly indices = new Map<string, number>();
  private readonly partial = new Map<string, string>();
  private readonly running = new Set<string>();
  private several = false;
  private midLine = false;

  /** Take note of a job that starts or ends, and return what to write. */
  jobUpdate(news: JobUpdate): string {
    const flushed = news.state === "RUNNING" ? "" : this.rest(news.job);
    this.indices.set(news.job, news.index);
    if (news.state === "RUNNING") this.running.add(news.job);
    else this.running.delete(news.job);
    this.several ||= this.running.size > 1;
    const before = this.midLine ? "\r\n" : "";
    this.midLine = false;
    return `${flushed}${before}${jobLine(news)}\r\n`;
  }

  /** Take what a job printed, and return what to write. */
  logChunk({ job, text }: LogChunk): string {
    const index = this.indices.get(job);
    if (!this.several || index === undefined) {
      if (text !== "") this.midLine = !text.endsWith("\n");
      return withCarriageReturns(text);
    }
    const lines = ((this.partial.get(job) ?? "") + text).split("\n");
    this.partial.set(job, lines.pop() ?? "");
    return lines.map((one) => `[${index}] ${one}\r\n`).join("");
  }

  private rest(job: string): string {
    const rest = this.partial.get(job);
    this.partial.delete(job);
    return rest === undefined || rest === "" ? "" : `[${this.indices.get(job) ?? ""}] ${rest}\r\n`;
  }
}

function withCarriageReturns(text: string): string {
  return text.replace(/\r?\n/g, "\r\n");
}
