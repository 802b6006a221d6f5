// Registers commands: each is refused in an untrusted folder if it needs trust, and shows its errors in the same way.

import * as vscode from "vscode";
import type { Extension } from "./feature";
import { showError } from "./notifications";

/** Register a command that shows its errors to the user. */
export function registerCommand(
  extension: Extension,
  id: string,
  run: (argument: unknown) => Promise<unknown>,
  { trusted = true }: { trusted?: boolean } = {},
): vscode.Disposable {
  const handler = async (argument: unknown): Promise<unknown> => {
    if (trusted && !vscode.workspace.isTrusted) {
      await explainTrust();
      return undefined;
    }
    try {
      return await run(argument);
    } catch (error) {
      await showError(extension, error, () => vscode.commands.executeCommand(id, argument));
      return undefined;
    }
  };
  return vscode.commands.registerCommand(id, handler);
}

async function explainTrust(): Promise<void> {
  const manage = "Manage Workspace Trust";
  const text = "Caliban: this folder isn't trusted, so nothing in it is built, run or sent. Findings, hovers and fixes work.";
  if ((await vscode.window.showWarningMessage(text, manage)) === manage) {
    await vscode.commands.executeCommand("workbench.trust.manage");
  }
}
