// The one message about a server that doesn't start, and the last thing that went wrong, for reports.

import * as vscode from "vscode";
import type { Extension } from "./feature";
import { type NotStarted, sentence } from "./launch/problems";

let last = "none";
let shown: NotStarted | undefined;

/** Note what went wrong. */
export function note(problem: string): void {
  last = `${problem} (${new Date().toISOString()})`;
}

/** Return what went wrong last. */
export function lastProblem(): string {
  return last;
}

/**
 * Tell why the server doesn't start, and what helps.
 *
 * There is one such message at a time. VS Code itself replaces one that says the same; nobody can take another back, so
 * that it is only moved out of the way.
 */
export async function tellNotStarted(extension: Extension, problem: NotStarted, again?: () => Thenable<unknown>): Promise<void> {
  if (shown === problem && again === undefined) return;
  if (shown !== undefined && shown.message !== problem.message) await moveAway();
  shown = problem;
  const actions = ["Retry", ...(problem.setting === undefined ? [] : ["Open Setting"]), "Show Log"];
  const chosen = await vscode.window.showErrorMessage(`Caliban: ${sentence(problem.message)} ${problem.hint}`.trim(), ...actions);
  // Another may have come meanwhile, and would be forgotten here.
  if (shown === problem) shown = undefined;
  if (chosen === "Retry") {
    await extension.server.restart();
    if (extension.server.state.kind === "running") await again?.();
  }
  if (chosen === "Open Setting") await vscode.commands.executeCommand("workbench.action.openSettings", problem.setting);
  if (chosen === "Show Log") extension.log.show();
}

/** The server runs: what was said about it no longer holds. */
export async function withdrawNotStarted(): Promise<void> {
  if (shown !== undefined) await moveAway();
  shown = undefined;
}

async function moveAway(): Promise<void> {
  await vscode.commands.executeCommand("notifications.hideToasts");
}
