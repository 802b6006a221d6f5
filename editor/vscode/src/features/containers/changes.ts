// An event for commands that may have started or stopped containers; the views listen to it.

import * as vscode from "vscode";

export const containersMayHaveChanged = new vscode.EventEmitter<void>();
