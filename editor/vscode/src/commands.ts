// Registers commands: each is refused in an untrusted folder if it needs trust, and shows its errors in the same way.

import * as vscode from "vscode";
import type { Extension } from "./feature";
import { sentence } from "./launch/errors";
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
      await explainTrust(extension);
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

async function explainTrust({ server }: Extension): Promise<void> {
  const manage = "Manage Workspace Trust";
  const { state } = server;
  const rest = state.kind === "failed" ? `Findings are missing, too: ${sentence(state.problem.message)}` : "Findings, hovers and fixes work.";
  const text = `Caliban: this folder isn't trusted, so nothing in it is built, run or sent. ${rest}`;
  if ((await vscode.window.showWarningMessage(text, manage)) === manage) {
    await vscode.commands.executeCommand("workbench.trust.manage");
  }
}
