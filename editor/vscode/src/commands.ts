// Registers commands so that whatever goes wrong in one is told in one way.

import * as vscode from "vscode";
import type { Extension } from "./feature";
import { NotStarted, sentence } from "./launch/problems";
import { note, tellNotStarted } from "./problems";
import { CommandError, said } from "./server/calls";

/** Register a command; its errors are shown to the user, and cancelling it is no error. */
export function command(
  extension: Extension,
  id: string,
  run: (argument: unknown) => Promise<unknown>,
  { trusted = true }: { trusted?: boolean } = {},
): vscode.Disposable {
  const told = async (argument: unknown): Promise<unknown> => {
    if (trusted && !vscode.workspace.isTrusted) {
      await explainTrust();
      return undefined;
    }
    try {
      return await run(argument);
    } catch (error) {
      await tell(extension, error, () => vscode.commands.executeCommand(id, argument));
      return undefined;
    }
  };
  return vscode.commands.registerCommand(id, told);
}

/** Tell what went wrong and what to do, with a button that tries again; say nothing of what the user cancelled. */
export async function tell(extension: Extension, error: unknown, again?: () => Thenable<unknown>): Promise<void> {
  if (error instanceof vscode.CancellationError) return;
  extension.log.error(said(error));
  note(said(error));
  if (error instanceof NotStarted) {
    await tellNotStarted(extension, error, again);
    return;
  }
  const actions = [...(again === undefined ? [] : ["Retry"]), "Show Log"];
  const chosen = await vscode.window.showErrorMessage(worded(error), ...actions);
  if (chosen === "Retry") await again?.();
  if (chosen === "Show Log") extension.log.show();
}

/** Return what went wrong and what to do, as one message. */
export function worded(error: unknown): string {
  const hinted = (error instanceof CommandError || error instanceof NotStarted) && error.hint !== "";
  return `Caliban: ${hinted ? `${sentence(error.message)} ${error.hint}` : said(error)}`;
}

/** What can be done after a message: the buttons, and what each does. */
export type Actions = Readonly<Record<string, () => unknown>>;

/** Tell how something went, with what can be done now. */
export async function say(extension: Extension, text: string, actions: Actions, warn = false): Promise<void> {
  const show = warn ? vscode.window.showWarningMessage : vscode.window.showInformationMessage;
  const answer = await show(text, ...Object.keys(actions));
  try {
    if (answer !== undefined) await actions[answer]?.();
  } catch (error) {
    await tell(extension, error);
  }
}

async function explainTrust(): Promise<void> {
  const manage = "Manage Workspace Trust";
  const text = "Caliban: this folder isn't trusted, so nothing of it is built, run or sent. Findings, hovers and fixes work.";
  if ((await vscode.window.showWarningMessage(text, manage)) === manage) {
    await vscode.commands.executeCommand("workbench.trust.manage");
  }
}
