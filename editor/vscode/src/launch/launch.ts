// What starts the server: which program, and where. Nothing of the open folders takes part in it.

import * as path from "node:path";
import * as vscode from "vscode";

/** A program to start, as vscode-languageclient takes it. */
export interface Launch {
  readonly command: string;
  readonly args: string[];
  readonly options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv };
}

/** The server doesn't start. The message tells why, the hint what to do; a setting is one that helps. */
export class NotStarted extends Error {
  constructor(
    message: string,
    readonly hint: string,
    readonly setting?: string,
  ) {
    super(message);
    this.name = "NotStarted";
  }
}

/**
 * Decide what to start.
 *
 * @throws {NotStarted} nothing can be started.
 */
export async function launch(context: vscode.ExtensionContext): Promise<Launch> {
  const chosen = vscode.workspace.getConfiguration("caliban").get<string>("server.path", "").trim();
  if (chosen !== "" && !path.isAbsolute(chosen)) {
    throw new NotStarted("The setting caliban.server.path isn't an absolute path.", "Give the whole path.", "caliban.server.path");
  }
  const home = context.globalStorageUri;
  await vscode.workspace.fs.createDirectory(home);
  return { command: chosen || "caliban", args: ["serve"], options: { cwd: home.fsPath } };
}
