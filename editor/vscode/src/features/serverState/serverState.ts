// Shows the server's state, and restarts the server on command, when settings change and when trust is granted.

import { homedir, release, type } from "node:os";
import * as vscode from "vscode";
import { registerCommand } from "../../commands";
import type { Extension, Feature } from "../../feature";
import { INTERPRETER, SERVER_PATH } from "../../launch/errors";
import { hideNotStarted, lastProblem, recordProblem, showNotStarted } from "../../notifications";
import { errorMessage } from "../../server/calls";
import type { ServerState } from "../../server/server";
import { CONFIG, EXPERIMENT } from "../../targets";
import { diagnosticReport } from "./report";

export const serverState: Feature = (extension) => {
  const { server, log } = extension;
  return [
    registerCommand(extension, "caliban.restart", () => server.restart(), { trusted: false }),
    registerCommand(extension, "caliban.showLog", () => Promise.resolve().then(() => { log.show(); }), { trusted: false }),
    registerCommand(extension, "caliban.copyReport", () => copyReport(extension), { trusted: false }),
    statusItem(extension),
    server.onDidChangeState((state) => {
      if (state.kind === "running") void hideNotStarted();
      if (state.kind !== "failed") return;
      recordProblem(state.problem.message);
      if (!state.problem.expected) void showNotStarted(extension, state.problem);
    }),
    // The server gets all other settings through LSP.
    vscode.workspace.onDidChangeConfiguration((change) => {
      if ([SERVER_PATH, INTERPRETER].some((setting) => change.affectsConfiguration(setting))) void server.restart();
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => { void server.restart(); }),
  ];
};

function statusItem({ server }: Extension): vscode.Disposable {
  const item = vscode.languages.createLanguageStatusItem("caliban.server", [{ language: EXPERIMENT }, { language: CONFIG }]);
  item.name = "Caliban Server";
  const show = (state: ServerState) => { Object.assign(item, looks(state)); };
  show(server.state);
  return vscode.Disposable.from(item, server.onDidChangeState(show));
}

/** Return the status item of a state, with the command that helps. */
function looks(state: ServerState): Pick<vscode.LanguageStatusItem, "text" | "detail" | "busy" | "severity" | "command"> {
  const restart = { title: "Restart", command: "caliban.restart" };
  const showLog = { title: "Show Log", command: "caliban.showLog" };
  const [plain, warning] = [vscode.LanguageStatusSeverity.Information, vscode.LanguageStatusSeverity.Warning];
  const limited = vscode.workspace.isTrusted ? "" : "Limited, since this folder isn't trusted";
  switch (state.kind) {
    case "running":
      return { text: "Caliban runs", detail: limited, busy: false, severity: plain, command: restart };
    case "starting":
      return { text: "Caliban starts", detail: "", busy: true, severity: plain, command: showLog };
    case "stopped":
      return { text: "Caliban has stopped", detail: "", busy: false, severity: plain, command: restart };
    case "failed":
      return { text: "Caliban doesn't run", detail: state.problem.message, busy: false, severity: warning, command: restart };
  }
}

async function copyReport({ context, server }: Extension): Promise<void> {
  const { isTrusted: trusted, workspaceFolders: folders = [] } = vscode.workspace;
  const extension = context.extension.packageJSON as { version: string };
  const running = server.state.kind === "running";
  const schemes = [...new Set(folders.map((one) => one.uri.scheme))].join(", ") || "none";
  const facts = {
    versions: [
      ["VS Code", `${vscode.version} (${vscode.env.appName}, ${vscode.env.remoteName ?? "local"})`],
      ["Extension", extension.version],
      ["System", `${type()} ${release()}, ${process.arch}`],
    ] as const,
    state: server.state.kind === "failed" ? `failed: ${server.state.problem.message}` : server.state.kind,
    server: server.description,
    trusted,
    folders: `${folders.length} (${schemes})`,
    settings: changedSettings(context),
    lastProblem: lastProblem(),
    doctor: trusted && running ? await doctor(server, folders[0]?.uri) : undefined,
  };
  await vscode.env.clipboard.writeText(diagnosticReport(facts, homedir()));
  void vscode.window.showInformationMessage("Caliban: the diagnostic report is on the clipboard.");
}

async function doctor(server: Extension["server"], folder: vscode.Uri | undefined) {
  try {
    const title = "Caliban: collecting the diagnostic report";
    return (await server.call("doctor", folder === undefined ? {} : { root: folder.toString() }, { title })).checks;
  } catch (error) {
    if (error instanceof vscode.CancellationError) throw error;
    return `it failed: ${errorMessage(error)}`;
  }
}

/** Return the extension's settings that aren't the defaults. None of them is a secret. */
function changedSettings(context: vscode.ExtensionContext): Record<string, unknown> {
  const manifest = context.extension.packageJSON as { contributes: { configuration: { properties: Record<string, unknown> } } };
  const settings = vscode.workspace.getConfiguration();
  const names = Object.keys(manifest.contributes.configuration.properties);
  const changed = names.filter((name) => {
    const { globalValue, workspaceValue, workspaceFolderValue } = settings.inspect(name) ?? {};
    return [globalValue, workspaceValue, workspaceFolderValue].some((value) => value !== undefined);
  });
  return Object.fromEntries(changed.map((name) => [name, settings.get(name)]));
}
