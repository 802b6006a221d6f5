// Our own actions say here that containers may have come or gone; whoever shows them listens.

import * as vscode from "vscode";

export const containersMayHaveChanged = new vscode.EventEmitter<void>();
