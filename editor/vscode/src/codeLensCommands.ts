// Code lenses call commands of the server; those that have something to show are done by ours.

import * as vscode from "vscode";
import { PREFIX } from "./server/calls";

const EXTENSION_COMMANDS: Readonly<Record<string, string>> = {
  [`${PREFIX}run`]: "caliban.run",
  [`${PREFIX}plan`]: "caliban.showPlan",
  [`${PREFIX}planAndSubmit`]: "caliban.submit",
  [`${PREFIX}expand`]: "caliban.showExpansion",
};

/** Have a lens's command done by the one of ours that shows what comes of it. */
export function runCodeLensCommand(command: string, argument: unknown): Thenable<unknown> | undefined {
  const ours = EXTENSION_COMMANDS[command];
  return ours === undefined ? undefined : vscode.commands.executeCommand(ours, argument);
}
