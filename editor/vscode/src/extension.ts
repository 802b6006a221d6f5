// Starts the language server and shows what it says. Every decision is the server's.

import * as path from "node:path";
import * as vscode from "vscode";
import { LanguageClient, type LanguageClientOptions, type ServerOptions } from "vscode-languageclient/node";

let client: LanguageClient | undefined;
let restarting: Promise<void> = Promise.resolve();

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Caliban", { log: true });
  const again = () => restart(log);
  context.subscriptions.push(
    log,
    vscode.commands.registerCommand("caliban.restart", again),
    vscode.commands.registerCommand("caliban.showLog", () => log.show()),
    vscode.workspace.onDidGrantWorkspaceTrust(again),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("caliban.server.path")) void again();
    }),
  );
  void again();
}

export async function deactivate(): Promise<void> {
  await restarting;
  await client?.stop();
}

/** Restarts one after the other, however many are asked for at once. */
function restart(log: vscode.LogOutputChannel): Promise<void> {
  restarting = restarting.then(async () => {
    await client?.stop().catch((error: unknown) => log.warn(`the server didn't stop: ${String(error)}`));
    client = await start(log);
  });
  return restarting;
}

async function start(log: vscode.LogOutputChannel): Promise<LanguageClient | undefined> {
  const command = program();
  if (command === undefined) {
    log.error("caliban.server.path must be an absolute path");
    void offerSetting("Caliban: the setting caliban.server.path must be an absolute path.");
    return undefined;
  }
  // The working folder is none of the workspace's, so that nothing there can stand in for the server.
  const server: ServerOptions = { command, args: ["serve"], options: { cwd: path.parse(process.execPath).root } };
  const options: LanguageClientOptions = {
    documentSelector: [
      { scheme: "file", language: "caliban-experiment" },
      { scheme: "file", language: "caliban-config" },
      { scheme: "file", pattern: "**/*.json" },
    ],
    initializationOptions: { trusted: vscode.workspace.isTrusted },
    outputChannel: log,
  };
  const started = new LanguageClient("caliban", "Caliban", server, options);
  try {
    await started.start();
    return started;
  } catch (error) {
    log.error(`${command} serve: ${String(error)}`);
    void offerSetting(`Caliban: "${command}" can't be started. Install caliban-ls, or set caliban.server.path.`);
    return undefined;
  }
}

/** The program to start: by its name, so that PATH decides, or absolute, so that no workspace does. */
function program(): string | undefined {
  const chosen = vscode.workspace.getConfiguration("caliban").get<string>("server.path", "").trim();
  return chosen === "" ? "caliban" : path.isAbsolute(chosen) ? chosen : undefined;
}

async function offerSetting(message: string): Promise<void> {
  const open = "Open Setting";
  if ((await vscode.window.showErrorMessage(message, open)) === open) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "caliban.server.path");
  }
}
