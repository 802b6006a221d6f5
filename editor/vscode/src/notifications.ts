// Notifications: errors with what helps, results with what can be done next, and the last error, for reports.

import * as vscode from "vscode";
import type { Extension } from "./feature";
import { NotStarted, sentence } from "./launch/errors";
import { CommandError, errorMessage } from "./server/calls";

let last = "none";
let shown: NotStarted | undefined;

/** Record the message of an error. */
export function recordProblem(problem: string): void {
  last = `${problem} (${new Date().toISOString()})`;
}

/** Return the last error that was recorded. */
export function lastProblem(): string {
  return last;
}

/** Show an error and its hint, with a button that tries again; a cancelled command isn't an error. */
export async function showError(extension: Extension, error: unknown, again?: () => Thenable<unknown>): Promise<void> {
  if (error instanceof vscode.CancellationError) return;
  extension.log.error(errorMessage(error));
  recordProblem(errorMessage(error));
  if (error instanceof NotStarted) {
    await showNotStarted(extension, error, again);
    return;
  }
  const buttons = [...(again === undefined ? [] : ["Retry"]), "Show Log"];
  const chosen = await vscode.window.showErrorMessage(errorText(error), ...buttons);
  if (chosen === "Retry") await again?.();
  if (chosen === "Show Log") extension.log.show();
}

/** Return an error and its hint as one message. */
export function errorText(error: unknown): string {
  const hinted = (error instanceof CommandError || error instanceof NotStarted) && error.hint !== "";
  return `Caliban: ${hinted ? `${sentence(error.message)} ${error.hint}` : errorMessage(error)}`;
}

/** The buttons of a message, and what each does. */
export type Actions = Readonly<Record<string, () => unknown>>;

/** Show a result, with buttons for what can be done next. */
export async function showMessage(extension: Extension, text: string, actions: Actions, warn = false): Promise<void> {
  const show = warn ? vscode.window.showWarningMessage : vscode.window.showInformationMessage;
  const chosen = await show(text, ...Object.keys(actions));
  try {
    if (chosen !== undefined) await actions[chosen]?.();
  } catch (error) {
    await showError(extension, error);
  }
}

/**
 * Show why the server doesn't start, and what helps.
 *
 * At most one such message is visible. VS Code replaces a message that has the same text. It offers no way to close any
 * other message, so an older one is only hidden.
 */
export async function showNotStarted(extension: Extension, problem: NotStarted, again?: () => Thenable<unknown>): Promise<void> {
  if (shown === problem && again === undefined) return;
  if (shown !== undefined && shown.message !== problem.message) await hideNotifications();
  shown = problem;
  const buttons = ["Retry", ...(problem.setting === undefined ? [] : ["Open Setting"]), "Show Log"];
  const chosen = await vscode.window.showErrorMessage(`Caliban: ${sentence(problem.message)} ${problem.hint}`.trim(), ...buttons);
  // Another problem may be shown by now; it must not be forgotten here.
  if (shown === problem) shown = undefined;
  if (chosen === "Retry") {
    await extension.server.restart();
    if (extension.server.state.kind === "running") await again?.();
  }
  if (chosen === "Open Setting") await vscode.commands.executeCommand("workbench.action.openSettings", problem.setting);
  if (chosen === "Show Log") extension.log.show();
}

/** Hide the message about a server that doesn't start: it runs now. */
export async function hideNotStarted(): Promise<void> {
  if (shown !== undefined) await hideNotifications();
  shown = undefined;
}

async function hideNotifications(): Promise<void> {
  await vscode.commands.executeCommand("notifications.hideToasts");
}
