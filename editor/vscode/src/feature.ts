// What a feature gets, and what it gives back.

import type * as vscode from "vscode";
import type { Server } from "./server/server";

/** What all features share. */
export interface Extension {
  readonly context: vscode.ExtensionContext;
  readonly server: Server;
  readonly log: vscode.LogOutputChannel;
}

/** Registers commands, views and the like, and returns what takes them back. It must do nothing slow. */
export type Feature = (extension: Extension) => vscode.Disposable[];
