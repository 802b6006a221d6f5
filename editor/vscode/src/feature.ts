// The interface between the extension and its features.

import type * as vscode from "vscode";
import type { Server } from "./server/server";

/** The objects that all features share. */
export interface Extension {
  readonly context: vscode.ExtensionContext;
  readonly server: Server;
  readonly log: vscode.LogOutputChannel;
}

/** Registers commands, views and listeners, and returns what disposes of them. It must be fast. */
export type Feature = (extension: Extension) => vscode.Disposable[];
