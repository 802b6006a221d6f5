// The commands that build an image, run jobs on this machine, and show the jobs that would run.

import * as path from "node:path";
import * as vscode from "vscode";
import { registerCommand } from "../../commands";
import type { Extension, Feature } from "../../feature";
import { quantity, shellJoin } from "../../format";
import { type Actions, showMessage } from "../../notifications";
import type { BuildArguments, ExpandArguments, Place, RunArguments, RunResult } from "../../protocol";
import { pick, searchAndPick } from "../../quickPicks";
import { errorMessage, type JobUpdate, type LogChunk } from "../../server/calls";
import { commandArguments, type CommandArguments, EXPERIMENT, fileItems, findExperiments, resolveExperiment, resolveFolder, resolveProject } from "../../targets";
import { containersMayHaveChanged } from "../containers/changes";
import { type Expand, LISTED, searchCombinations } from "./combinations";
import { ReadOnlyDocuments } from "./documents";
import { buildMessage, coloured, dryRunText, expansionText, runSummary } from "./messages";
import { RunOutput } from "./output";
import { RunTerminal } from "./terminal";

const SHOWN = 10_000; // jobs in a document

export const runs: Feature = (extension) => {
  const documents = new ReadOnlyDocuments();
  return [
    vscode.Disposable.from(documents),
    registerCommand(extension, "caliban.build", (argument) => build(extension, argument)),
    registerCommand(extension, "caliban.run", async (argument) => run(extension, await resolveRun(argument))),
    registerCommand(extension, "caliban.runCombination", (argument) => runCombination(extension, argument)),
    registerCommand(extension, "caliban.dryRun", async (argument) => showDryRun(extension, documents, await resolveRun(argument))),
    registerCommand(extension, "caliban.showExpansion", (argument) => showExpansion(extension, documents, commandArguments(argument)), { trusted: false }),
  ];
};

async function build(extension: Extension, argument: unknown): Promise<unknown> {
  const asked = (await resolveProject(commandArguments(argument))) as Place & BuildArguments;
  const result = await extension.server.call("build", asked, { title: "Building the image" });
  void showMessage(extension, `Caliban: ${buildMessage(result)}`, {
    "Open Shell": () => vscode.commands.executeCommand("caliban.shell", { root: asked.root, uri: asked.uri }),
    "Copy Tag": () => vscode.env.clipboard.writeText(result.tag),
  });
  return result;
}

/** Return the arguments of a run: as given, or for the sweep that is open or chosen, or for the module alone. */
async function resolveRun(argument: unknown): Promise<CommandArguments> {
  if (argument !== undefined) return commandArguments(argument);
  const open = vscode.window.activeTextEditor?.document;
  if (open?.languageId === EXPERIMENT) return { uri: open.uri.toString() };
  const found = await findExperiments();
  if (found.length === 0) return moduleArguments();
  const alone = { label: "$(play) The module alone", description: "one job, without flags", uri: undefined };
  const chosen = await pick([...fileItems(found), alone], { placeHolder: "Which sweep?" });
  return chosen.uri === undefined ? moduleArguments() : { uri: chosen.uri.toString() };
}

async function moduleArguments(): Promise<CommandArguments> {
  return { root: await resolveFolder({}) };
}

/** Run jobs, with their output in a terminal, and show the result. */
async function run(extension: Extension, asked: CommandArguments): Promise<RunResult> {
  const title = titleOf(asked);
  const cancel = new vscode.CancellationTokenSource();
  const terminal = new RunTerminal(`Caliban: ${title}`, () => { cancel.cancel(); });
  const output = new RunOutput();
  const listener = {
    job: (update: JobUpdate) => {
      terminal.write(output.jobUpdate(update));
      containersMayHaveChanged.fire();
    },
    log: (chunk: LogChunk) => { terminal.write(output.logChunk(chunk)); },
  };
  try {
    const result = await extension.server.call("run", asked, {
      title: `Running ${title}`,
      token: cancel.token,
      listener,
    });
    const { failed, text } = runSummary(title, result);
    terminal.end(coloured(`${text}, in ${result.group}`, failed ? "FAILED" : "SUCCEEDED"));
    void announce(extension, asked, result, terminal);
    return result;
  } catch (error) {
    const stopped = error instanceof vscode.CancellationError;
    terminal.end(coloured(`${title}: ${stopped ? "stopped" : errorMessage(error)}`, stopped ? "CANCELLED" : "FAILED"));
    throw error;
  } finally {
    containersMayHaveChanged.fire();
    cancel.dispose();
  }
}

function titleOf({ uri, index, args, module, job }: CommandArguments): string {
  if (typeof job === "string") return job;
  const of = typeof uri === "string" ? path.posix.basename(vscode.Uri.parse(uri).path) : typeof module === "string" ? module : "the module";
  if (typeof index === "number") return `job ${index} of ${of}`;
  return Array.isArray(args) && args.length > 0 ? `${of} ${shellJoin(args.map(String))}` : of;
}

async function announce(extension: Extension, asked: CommandArguments, result: RunResult, terminal: RunTerminal): Promise<void> {
  const { failed, text, first } = runSummary(titleOf(asked), result);
  const logs = async () => {
    if (!terminal.show()) await vscode.commands.executeCommand("caliban.openLogs", { job: (first ?? result.jobs[0])?.job_id });
  };
  const again = () => vscode.commands.executeCommand("caliban.run", asked.job === undefined ? { ...asked, rerun_failed: true } : asked);
  const show = () => vscode.commands.executeCommand("caliban.showJobs", { reference: result.group });
  const actions: Actions = result.jobs.length === 0 ? {} : { "Open Logs": logs, "Show Jobs": show };
  await showMessage(extension, `Caliban: ${text}`, failed ? { Retry: again, ...actions } : actions, failed);
}

/** Run one combination: from the argument, or the one at the cursor; if there are several, the user chooses. */
async function runCombination(extension: Extension, argument: unknown): Promise<unknown> {
  const asked = commandArguments(argument);
  if (typeof asked.index === "number") return run(extension, asked);
  const uri = await resolveExperiment(asked);
  const editor = vscode.window.activeTextEditor;
  const at = editor?.document.uri.toString() === uri.toString() ? cursorPlace(editor) : undefined;
  const sweep = { uri: uri.toString(), ...(typeof asked.block === "string" ? { block: asked.block } : {}) };
  const index = await pickCombination((asks) => extension.server.call("expand", { ...sweep, at, ...asks }));
  return run(extension, { ...asked, ...sweep, index });
}

/** Return the cursor's position as `expand --at` takes it: counted from 1, in characters instead of UTF-16 units. */
function cursorPlace({ document, selection }: vscode.TextEditor): string {
  const before = document.lineAt(selection.active.line).text.slice(0, selection.active.character);
  return `${selection.active.line + 1}:${Array.from(before).length + 1}`;
}

async function pickCombination(expand: Expand): Promise<number> {
  const whole = await expand({ limit: LISTED });
  const [first] = whole.jobs;
  if (first === undefined) throw new Error("The sweep has no jobs, so there is none to run.");
  if (whole.count === 1) return first.index;
  const none = "No job of the sweep has been found.";
  return (await searchAndPick((text) => searchCombinations(expand, whole, text), `Which of ${quantity(whole.count, "job")}?`, none)).index;
}

async function showDryRun(extension: Extension, documents: ReadOnlyDocuments, asked: CommandArguments): Promise<RunResult> {
  const call = { ...asked, dry_run: true } as Place & RunArguments;
  const result = await extension.server.call("run", call, { title: `Planning ${titleOf(asked)}` });
  await documents.show(`${titleOf(asked)} (dry run)`, JSON.stringify(asked), dryRunText(call.module ?? undefined, result));
  return result;
}

async function showExpansion(extension: Extension, documents: ReadOnlyDocuments, asked: CommandArguments): Promise<void> {
  const uri = await resolveExperiment(asked);
  const call = { limit: SHOWN, ...asked, uri: uri.toString() } as Place & ExpandArguments;
  const name = `${path.posix.basename(uri.path)}${call.block ? ` ${call.block.replaceAll("/", "·")}` : ""}`;
  const make = async () => expansionText(name, await extension.server.call("expand", call));
  await documents.show(`${name} (jobs)`, JSON.stringify(call), await make(), { source: uri.toString(), make });
}
