// The text of a run's terminal: the output of its jobs; if several run at once, each line with its job's index. Pure.

import type { JobUpdate, LogChunk } from "../../server/calls";
import { jobLine } from "./messages";

/** Merges the output of jobs; once several run at a time, in whole lines, so that lines don't mix. */
export class RunOutput {
  private readonly indices = new Map<string, number>();
  private readonly partial = new Map<string, string>();
  private readonly running = new Set<string>();
  private several = false;
  private midLine = false;

  /** Handle a job's start or end, and return the text to write. */
  jobUpdate(update: JobUpdate): string {
    const flushed = update.state === "RUNNING" ? "" : this.rest(update.job);
    this.indices.set(update.job, update.index);
    if (update.state === "RUNNING") this.running.add(update.job);
    else this.running.delete(update.job);
    this.several ||= this.running.size > 1;
    const before = this.midLine ? "\r\n" : "";
    this.midLine = false;
    return `${flushed}${before}${jobLine(update)}\r\n`;
  }

  /** Handle a job's output, and return the text to write. */
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
