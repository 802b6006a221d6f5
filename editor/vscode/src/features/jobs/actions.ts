// The actions on jobs. Stopping and submitting ask first, and say how many jobs and how much money it is.

import * as vscode from "vscode";
import type { Extension } from "../../feature";
import { quantity, shellJoin } from "../../format";
import { showMessage } from "../../notifications";
import type { CloudResult, StopResult } from "../../protocol";
import { type CommandArguments, commandArguments } from "../../targets";
import { confirm, confirmSend, planSummary, SHOWN } from "./confirmation";
import { findTarget, pickActive, pickGroup, pickJob, referencesOf } from "./pick";
import { ACTIVE_STATES, RESUBMITTABLE_STATES, UNSENT_STATES } from "./rows";
import type { JobOrGroup } from "./search";

/** Stop jobs and groups after the user has confirmed. */
export async function stop(extension: Extension, argument: unknown): Promise<StopResult | undefined> {
  const references = referencesOf(argument);
  const targets = references.length > 0 ? await Promise.all(references.map((one) => findTarget(extension, one))) : await pickActive(extension);
  const count = targets.reduce((sum, { group, job }) => sum + (job === undefined ? group.going : Number(ACTIVE_STATES.includes(job.state))), 0);
  if (count === 0) {
    void showMessage(extension, `Caliban: ${targetList(targets)} had ended already.`, {});
    return undefined;
  }
  const what = quantity(count, "job");
  const detail = `${targetList(targets)}\n\nStopped jobs can't be continued.`;
  if (!(await confirm(`Stop ${what}?`, detail, `Stop ${what}`))) return undefined;
  const call = { references: targets.map(({ reference }) => reference), yes: true };
  const result = await extension.server.call("stop", call, { title: `Stopping ${what}` });
  const failed = result.failed.map(({ job, error }) => `${job} couldn't be stopped: ${error}`);
  const ended = result.ended.length > 0 ? [`${quantity(result.ended.length, "job")} had ended already`] : [];
  const stopped = `${quantity(result.stopped.length, "job")} stopped`;
  void showMessage(extension, `Caliban: ${[stopped, ...ended, ...failed].join("; ")}.`, {}, failed.length > 0);
  return result;
}

/** Submit failed and stopped jobs again after the user has confirmed the plan. */
export async function resubmit(extension: Extension, argument: unknown): Promise<CloudResult | undefined> {
  const asked = resubmitOptions(argument);
  const fits = (group: JobOrGroup["group"]) => group.backend !== "local" && RESUBMITTABLE_STATES.some((state) => (group.all_states[state] ?? 0) > 0);
  const none = "No job in the cloud has failed or was stopped, so there is none to submit again.";
  const references = referencesOf(argument);
  if (references.length === 0) references.push((await pickGroup(extension, "Resubmit the failed jobs of which group?", none, fits, { state: RESUBMITTABLE_STATES })).reference);
  // The plan has to be up to date: a job that failed a moment ago belongs to it.
  await Promise.all(
    references.map((reference) => extension.server.call("status", { reference, jobs: 0, refresh: true }, { title: "Asking Google for the states of the jobs" })),
  );
  const plan = await extension.server.call("resubmit", { ...asked, references, dry_run: true });
  if (plan.jobs.length === 0) {
    void showMessage(extension, `Caliban: no job of ${references.join(", ")} can be submitted again: none has failed, or all that failed were submitted again already.`, {});
    return undefined;
  }
  const what = quantity(plan.count, "job");
  if (!(await confirm(`Submit ${what} again?`, planSummary(plan), `Submit ${what}`))) return undefined;
  // With the plan's id, the server sends the confirmed plan or refuses.
  const call = { ...asked, references, plan_id: plan.plan_id, yes: true };
  const result = await extension.server.call("resubmit", call, { title: `Submitting ${what}` });
  showSubmitted(extension, result);
  return result;
}

/** Send the unsent jobs of an interrupted submission after the user has confirmed. */
export async function resume(extension: Extension, argument: unknown): Promise<CloudResult | undefined> {
  const [reference] = referencesOf(argument);
  const none = "Every submission is complete, so there is none to resume.";
  const target =
    reference === undefined ? await pickGroup(extension, "Resume which submission?", none, ({ unsent }) => unsent > 0, { state: UNSENT_STATES }) : await findTarget(extension, reference);
  const { name } = target.group;
  const plan = await extension.server.call("resume", { group: name, dry_run: true });
  if (plan.jobs.length === 0) {
    void showMessage(extension, `Caliban: all jobs of ${name} were sent or have ended; nothing is left to send.`, {});
    return undefined;
  }
  if (!(await confirmSend(plan))) return undefined;
  const result = await extension.server.call("resume", { group: name, yes: true }, { title: `Resuming ${name}` });
  showSubmitted(extension, result);
  return result;
}

/** Run a job of the history on this machine, with the project's current files. */
export async function runLocally(extension: Extension, argument: unknown): Promise<unknown> {
  const target = await pickJob(extension, argument, "Run which job on this machine?");
  const root = vscode.Uri.file(target.group.folder).toString();
  return vscode.commands.executeCommand("caliban.run", { root, job: target.job.job_id });
}

/** Copy the command line that runs a job again. */
export async function copyCommand(extension: Extension, argument: unknown): Promise<string> {
  const { job } = await pickJob(extension, argument, "Copy the command of which job?");
  const { job: whole } = await findTarget(extension, job.job_id);
  const text = whole?.command ?? "";
  await vscode.env.clipboard.writeText(text);
  void vscode.window.setStatusBarMessage("Caliban: the command is on the clipboard", 3000);
  return text;
}

export async function openConsole(extension: Extension, argument: unknown): Promise<void> {
  const { job } = await pickJob(extension, argument, "Open which job in the console?");
  if (job.url === null) throw new Error(`${job.job_id} isn't in Google's console.`);
  await vscode.env.openExternal(vscode.Uri.parse(job.url, true));
}

export async function copyName(extension: Extension, argument: unknown): Promise<string> {
  const [reference] = referencesOf(argument);
  const name = reference ?? (await pickGroup(extension, "Copy the name of which group?", "There is no group yet.", () => true)).reference;
  await vscode.env.clipboard.writeText(name);
  return name;
}

/** Write the history, or some groups of it, to a file that the user chooses. */
export async function exportHistory(extension: Extension, argument: unknown): Promise<void> {
  const { output, format, groups, ...rest }: CommandArguments = commandArguments(argument);
  const names = Array.isArray(groups) ? groups.map(String) : referencesOf(rest);
  const path = typeof output === "string" ? output : (await askForFile())?.fsPath;
  if (path === undefined) throw new vscode.CancellationError();
  const wanted = typeof format === "string" ? format : path.toLowerCase().endsWith(".json") ? "json" : "csv";
  const result = await extension.server.call("export", { groups: names, format: wanted, output: path }, { title: "Writing the history" });
  const open = async () => { await vscode.window.showTextDocument(vscode.Uri.file(result.path ?? path)); };
  void showMessage(extension, `Caliban: ${quantity(result.count, "job")} written to ${result.path ?? path}.`, { Open: open });
}

async function askForFile(): Promise<vscode.Uri | undefined> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const defaultUri = folder && vscode.Uri.joinPath(folder, "caliban-jobs.csv");
  return vscode.window.showSaveDialog({ title: "Export History", defaultUri, filters: { "CSV, for spreadsheets": ["csv"], JSON: ["json"] } });
}

/** Return the options of a resubmission that an argument has. */
function resubmitOptions(argument: unknown): Record<string, unknown> {
  const all = commandArguments(argument);
  const names = ["state", "rebuild", "name", "cloud_key", "max_jobs", "max_cost_per_hour"];
  return Object.fromEntries(names.filter((name) => all[name] !== undefined).map((name) => [name, all[name]]));
}

function targetList(targets: readonly JobOrGroup[]): string {
  const names = targets.map(({ reference, job }) => (job === undefined || job.args.length === 0 ? reference : `${reference} (${shellJoin(job.args)})`));
  return names.length <= SHOWN ? names.join(", ") : `${names.slice(0, SHOWN).join(", ")} and ${names.length - SHOWN} more`;
}

function showSubmitted(extension: Extension, { group, jobs }: CloudResult): void {
  const show = () => vscode.commands.executeCommand("caliban.showJobs", { reference: group });
  void showMessage(extension, `Caliban: ${quantity(jobs.length, "job")} submitted as ${group}.`, { "Show Jobs": show });
}
