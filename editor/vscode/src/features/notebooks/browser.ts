// Opens a URL of this machine in the user's browser, which may run on another machine.

import * as vscode from "vscode";

export async function openInBrowser(url: string): Promise<void> {
  await vscode.env.openExternal(await vscode.env.asExternalUri(vscode.Uri.parse(url, true)));
}
