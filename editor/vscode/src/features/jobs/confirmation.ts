// Asks for confirmation before jobs are stopped or cost money.

import * as vscode from "vscode";
import { quantity, shellJoin } from "../../format";
import type { CloudResult } from "../../protocol";
import { money } from "./rows";

export const SHOWN = 5; // jobs that a question lists

/** Ask a modal question; return whether the user chose the action. */
export async function confirm(question: string, detail: string, action: string): Promise<boolean> {
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, action)) === action;
}

/** Ask whether to send the rest of a submission. Over a limit there is no question, since the server refuses it. */
export async function confirmSend(plan: CloudResult): Promise<boolean> {
  const what = quantity(plan.count, "job");
  return plan.over_limits.length > 0 || confirm(`Send ${what}?`, planSummary(plan), `Send ${what}`);
}

/** Return a plan in a few lines: hardware, place, price and jobs. */
export function planSummary({ backend, machine_type, accelerator, spot, region, project_id, cost, count, jobs, notes, image }: CloudResult): string {
  const gpu = accelerator === null ? "" : ` with ${accelerator.count}x${accelerator.type}`;
  const price =
    cost === null
      ? "Their cost isn't known."
      : `${money(cost.per_job_hour, cost.currency)} an hour for each, ${money(cost.all_jobs_hour, cost.currency)} for all.`;
  const first = jobs.slice(0, SHOWN).map(({ args }) => `  ${shellJoin(args) || "no arguments"}`);
  const more = count > SHOWN ? [`  … and ${(count - SHOWN).toLocaleString("en-US")} more`] : [];
  const where = `On ${machine_type}${gpu}${spot ? ", spot" : ""}, in ${region} of ${project_id} (${backend}).`;
  return [where, price, `Image: ${image}`, "", ...first, ...more, "", ...notes].join("\n");
}
