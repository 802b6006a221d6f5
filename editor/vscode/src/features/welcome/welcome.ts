// Sets the context keys of the walkthrough and the empty views from the outcomes of calls. The only question that it asks
// itself is whether the folder has an experiment without errors.

import * as vscode from "vscode";
import { registerCommand } from "../../commands";
import type { Feature } from "../../feature";
import { findExperiments } from "../../targets";
import { type CallOutcome, completedSteps, factsOf } from "./setup";

const WALKTHROUGH = "caliban-ls.caliban-ls#caliban.start";
const FILES = "**/{*experiment*.json,.calibanconfig.json}";
const DEBOUNCE_MILLISECONDS = 300;

export const welcome: Feature = (extension) => {
  const { server } = extension;
  const known = new Map<string, unknown>();
  const tell = (key: string, value: unknown) => vscode.commands.executeCommand("setContext", `caliban.${key}`, value);
  // VS Code completes a step when its key becomes true, but not if the key was true when the walkthrough opened. So the
  // keys are true only for a moment: when a fact becomes known, and when a walkthrough may have opened.
  const tick = async (): Promise<void> => {
    for (const step of completedSteps(known)) {
      await tell(`steps.${step}`, true);
      await tell(`steps.${step}`, undefined);
    }
  };
  const know = (key: string, value: unknown) => {
    known.set(key, value);
    void tell(key, value);
    void tick();
  };
  const watcher = vscode.workspace.createFileSystemWatcher(FILES);
  let timer: NodeJS.Timeout | undefined;
  let round = 0;

  const look = async (): Promise<void> => {
    const mine = ++round;
    const found = await findExperiments();
    if (mine !== round) return;
    know("hasExperiment", found.length > 0 ? "yes" : "no");
    for (const uri of server.state.kind === "running" ? found : []) {
      // Experiments with errors have no jobs to count.
      const count = await server.call("expand", { uri: uri.toString(), limit: 0 }).then((answer) => answer.count, () => 0);
      if (mine !== round) return;
      if (count > 0) {
        know("hasSoundExperiment", true);
        return;
      }
    }
    if (mine === round) know("hasSoundExperiment", false);
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void look(), DEBOUNCE_MILLISECONDS);
  };
  const became = () => {
    know("ready", server.state.kind === "running");
    soon();
  };

  const getStarted = async (): Promise<void> => {
    await vscode.commands.executeCommand("workbench.action.openWalkthrough", WALKTHROUGH, false);
    await tick();
  };

  know("engine", "unknown");
  know("credentials", "unknown");
  became();
  return [
    vscode.Disposable.from(watcher, new vscode.Disposable(() => { clearTimeout(timer); })),
    watcher.onDidCreate(soon),
    watcher.onDidChange(soon),
    watcher.onDidDelete(soon),
    vscode.workspace.onDidChangeWorkspaceFolders(soon),
    server.onDidChangeState(became),
    vscode.window.tabGroups.onDidChangeTabs(({ opened }) => {
      // The tab of a walkthrough has no input, like some others.
      if (opened.some((tab) => tab.input === undefined)) void tick();
    }),
    server.onDidCall(({ name, argument, answer }) => {
      const learn = (outcome: CallOutcome) => {
        for (const [key, value] of Object.entries(factsOf(name, argument, outcome))) know(key, value);
      };
      answer.then(
        (result) => { learn({ result }); },
        (error: unknown) => { learn({ error }); },
      );
    }),
    registerCommand(extension, "caliban.getStarted", getStarted, { trusted: false }),
  ];
};
