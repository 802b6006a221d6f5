// Code lenses call commands of the server; the extension handles those whose results it shows.

import * as vscode from "vscode";
import { PREFIX } from "./server/calls";

const EXTENSION_COMMANDS: Readonly<Record<string, string>> = {
  [`${PREFIX}run`]: "caliban.run",
  [`${PREFIX}plan`]: "caliban.showPlan",
  [`${PREFIX}planAndSubmit`]: "caliban.submit",
  [`${PREFIX}expand`]: "caliban.showExpansion",
};

/** Handle a code lens's command with the extension's own command, if it has one. */
export function runCodeLensCommand(command: string, argument: unknown): Thenable<unknown> | undefined {
  const ours = EXTENSION_COMMANDS[command];
  return ours === undefined ? undefined : vscode.commands.executeCommand(ours, argument);
}
