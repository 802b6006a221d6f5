// Building, running and looking at what would run, on this machine.

import * as path from "node:path";
import * as vscode from "vscode";
import { command, say, type Actions } from "../../commands";
import type { Extension, Feature } from "../../feature";
import type { BuildArguments, ExpandArguments, Place, RunArguments, RunResult } from "../../protocol";
import { pick, search } from "../../picks";
import { said } from "../../server/calls";
import { EXPERIMENT, experiment, experiments, given, named, project, root, type Given } from "../../targets";
import { counted, shellJoined } from "../../words";
import { containersMayHaveChanged } from "../containers/changes";
import { combinations, type Expand, PICKED_FROM } from "./combinations";
import { Pages } from "./pages";
import { Screen } from "./screen";
import { RunTerminal } from "./terminal";
import { built, coloured, dryRun, expansion, outcome } from "./texts";

const SHOWN = 10_000; // jobs of a page

export const runs: Feature = (extension) => {
  const pages = new Pages();
  return [
    vscode.Disposable.from(pages),
    command(extension, "caliban.build", (argument) => build(extension, argument)),
    command(extension, "caliban.run", async (argument) => run(extension, await wanted(argument))),
    command(extension, "caliban.runCombination", (argument) => runCombination(extension, argument)),
    command(extension, "caliban.dryRun", async (argument) => showDryRun(extension, pages, await wanted(argument))),
    command(extension, "caliban.showExpansion", (argument) => showExpansion(extension, pages, given(argument)), { trusted: false }),
  ];
};

async function build(extension: Extension, argument: unknown): Promise<unknown> {
  const asked = (await project(given(argument))) as Place & BuildArguments;
  const result = await extension.server.call("build", asked, { title: "Building the image" });
  void say(extension, `Caliban: ${built(result)}`, {
    "Open Shell": () => vscode.commands.executeCommand("caliban.shell", { root: asked.root, uri: asked.uri }),
    "Copy Tag": () => vscode.env.clipboard.writeText(result.tag),
  });
  return result;
}

/** Return what is to be run: what the arguments say, or else the sweep that is open or chosen, or the module alone. */
async function wanted(argument: unknown): Promise<Given> {
  if (argument !== undefined) return given(argument);
  const open = vscode.window.activeTextEditor?.document;
  if (open?.languageId === EXPERIMENT) return { uri: open.uri.toString() };
  const found = await experiments();
  if (found.length === 0) return moduleAlone();
  const alone = { label: "$(play) The module alone", description: "one job, without flags", uri: undefined };
  const chosen = await pick([...named(found), alone], { what: "Which sweep?" });
  return chosen.uri === undefined ? moduleAlone() : { uri: chosen.uri.toString() };
}

async function moduleAlone(): Promise<Given> {
  return { root: await root({}) };
}

/** Run, and say how it went; what the jobs print is in a terminal meanwhile. */
async function run(extension: Extension, asked: Given): Promise<RunResult> {
  const title = titleOf(asked);
  const cancel = new vscode.CancellationTokenSource();
  const terminal = new RunTerminal(`Caliban: ${title}`, () => { cancel.cancel(); });
  const screen = new Screen();
  const listener = {
    job: (news: Parameters<Screen["news"]>[0]) => {
      terminal.write(screen.news(news));
      containersMayHaveChanged.fire();
    },
    log: (piece: Parameters<Screen["log"]>[0]) => { terminal.write(screen.log(piece)); },
  };
  try {
    const result = await extension.server.call("run", asked, {
      title: `Running ${title}`,
      token: cancel.token,
      listener,
    });
    const { failed, text } = outcome(title, result);
    terminal.end(coloured(`${text}, in ${result.group}`, failed ? "FAILED" : "SUCCEEDED"));
    void announce(extension, asked, result, terminal);
    return result;
  } catch (error) {
    const stopped = error instanceof vscode.CancellationError;
    terminal.end(coloured(`${title}: ${stopped ? "stopped" : said(error)}`, stopped ? "CANCELLED" : "FAILED"));
    throw error;
  } finally {
    containersMayHaveChanged.fire();
    cancel.dispose();
  }
}

function titleOf({ uri, index, args, module, job }: Given): string {
  if (typeof job === "string") return job;
  const of = typeof uri === "string" ? path.posix.basename(vscode.Uri.parse(uri).path) : typeof module === "string" ? module : "the module";
  if (typeof index === "number") return `job ${index} of ${of}`;
  return Array.isArray(args) && args.length > 0 ? `${of} ${shellJoined(args.map(String))}` : of;
}

async function announce(extension: Extension, asked: Given, result: RunResult, terminal: RunTerminal): Promise<void> {
  const { failed, text, first } = outcome(titleOf(asked), result);
  const logs = async () => {
    if (!terminal.show()) await vscode.commands.executeCommand("caliban.openLogs", { job: (first ?? result.jobs[0])?.job_id });
  };
  const again = () => vscode.commands.executeCommand("caliban.run", asked.job === undefined ? { ...asked, rerun_failed: true } : asked);
  const show = () => vscode.commands.executeCommand("caliban.showJobs", { reference: result.group });
  const actions: Actions = result.jobs.length === 0 ? {} : { "Open Logs": logs, "Show Jobs": show };
  await say(extension, `Caliban: ${text}`, failed ? { Retry: again, ...actions } : actions, failed);
}

/** Run one combination: the one that is named, or that the cursor is on, or that is chosen of those that it is on. */
async function runCombination(extension: Extension, argument: unknown): Promise<unknown> {
  const asked = given(argument);
  if (typeof asked.index === "number") return run(extension, asked);
  const uri = await experiment(asked);
  const editor = vscode.window.activeTextEditor;
  const at = editor?.document.uri.toString() === uri.toString() ? placeOf(editor) : undefined;
  const sweep = { uri: uri.toString(), ...(typeof asked.block === "string" ? { block: asked.block } : {}) };
  const index = await chosen((asks) => extension.server.call("expand", { ...sweep, at, ...asks }));
  return run(extension, { ...asked, ...sweep, index });
}

/** Return where the cursor is as the command line says it: from 1, in characters rather than in UTF-16. */
function placeOf({ document, selection }: vscode.TextEditor): string {
  const before = document.lineAt(selection.active.line).text.slice(0, selection.active.character);
  return `${selection.active.line + 1}:${Array.from(before).length + 1}`;
}

async function chosen(expand: Expand): Promise<number> {
  const whole = await expand({ limit: PICKED_FROM });
  const [first] = whole.jobs;
  if (first === undefined) throw new Error("The sweep has no jobs, so there is none to run.");
  if (whole.count === 1) return first.index;
  const none = "No job of the sweep has been found.";
  return (await search((text) => combinations(expand, whole, text), `Which of ${counted(whole.count, "job")}?`, none)).index;
}

async function showDryRun(extension: Extension, pages: Pages, asked: Given): Promise<RunResult> {
  const call = { ...asked, dry_run: true } as Place & RunArguments;
  const result = await extension.server.call("run", call, { title: `Planning ${titleOf(asked)}` });
  await pages.show(`${titleOf(asked)} (dry run)`, JSON.stringify(asked), dryRun(call.module ?? undefined, result));
  return result;
}

async function showExpansion(extension: Extension, pages: Pages, asked: Given): Promise<void> {
  const uri = await experiment(asked);
  const call = { limit: SHOWN, ...asked, uri: uri.toString() } as Place & ExpandArguments;
  const name = `${path.posix.basename(uri.path)}${call.block ? ` ${call.block.replaceAll("/", "·")}` : ""}`;
  const make = async () => expansion(name, await extension.server.call("expand", call));
  await pages.show(`${name} (jobs)`, JSON.stringify(call), await make(), { source: uri.toString(), make });
}
