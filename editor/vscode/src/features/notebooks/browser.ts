// Opening what answers on this machine, where the user's browser may be on another one.

import * as vscode from "vscode";

export async function openInBrowser(url: string): Promise<void> {
  await vscode.env.openExternal(await vscode.env.asExternalUri(vscode.Uri.parse(url, true)));
}
