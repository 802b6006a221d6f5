// The status bar item: the hardware and the price of a job of the current project. A webview, such as a plan's page, leaves
// the item as it is.

import * as vscode from "vscode";
import type { Extension, Feature } from "../feature";
import type { HardwareResult } from "../protocol";
import { CONFIG } from "../targets";

const CONFIGS = "**/.calibanconfig.json";
const DEBOUNCE_MILLISECONDS = 200;

export const status: Feature = (extension) => {
  const { server, log } = extension;
  const item = vscode.window.createStatusBarItem("caliban.hardware", vscode.StatusBarAlignment.Left, 40);
  item.name = "Caliban: Hardware";
  const watcher = vscode.workspace.createFileSystemWatcher(CONFIGS);
  let timer: NodeJS.Timeout | undefined;
  let round = 0;
  let looked: vscode.Uri | undefined;

  const show = async (): Promise<void> => {
    const mine = ++round;
    if (server.state.kind !== "running") {
      item.hide();
      return;
    }
    try {
      looked = inFolder(vscode.window.activeTextEditor?.document.uri) ?? inFolder(looked);
      const hardware = await projectHardware(extension, looked);
      if (mine !== round) return;
      if (hardware === undefined) {
        item.hide();
        return;
      }
      const { place, found } = hardware;
      const errors = found.findings.some(({ severity }) => severity === "error");
      item.text = `$(server) ${found.text}`;
      item.tooltip = tooltip(found);
      item.command = { command: "caliban.changeHardware", title: "Change Hardware", arguments: [place] };
      item.backgroundColor = errors ? new vscode.ThemeColor("statusBarItem.errorBackground") : undefined;
      item.accessibilityInformation = { label: `Hardware: ${found.text}`, role: "button" };
      item.show();
    } catch (error) {
      log.debug(`can't find out the project's hardware: ${String(error)}`);
      if (mine === round) item.hide();
    }
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void show(), DEBOUNCE_MILLISECONDS);
  };

  soon();
  return [
    vscode.Disposable.from(item, watcher),
    watcher.onDidChange(soon),
    watcher.onDidCreate(soon),
    watcher.onDidDelete(soon),
    server.onDidChangeState(soon),
    vscode.window.onDidChangeActiveTextEditor(soon),
    vscode.workspace.onDidChangeWorkspaceFolders(soon),
    vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (document.languageId === CONFIG) soon();
    }),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("caliban.defaults")) soon();
    }),
    new vscode.Disposable(() => { clearTimeout(timer); }),
  ];
};

/** Return a file if it is on a disk and in an open folder. */
function inFolder(uri: vscode.Uri | undefined): vscode.Uri | undefined {
  return uri?.scheme === "file" && vscode.workspace.getWorkspaceFolder(uri) !== undefined ? uri : undefined;
}

/** Return the hardware of the last active file's project if it has a config; otherwise of the first config in the folders. */
async function projectHardware({ server }: Extension, looked: vscode.Uri | undefined): Promise<{ place: { uri: string }; found: HardwareResult } | undefined> {
  if (looked !== undefined) {
    const place = { uri: looked.toString() };
    const found = await server.call("hardware", place);
    if (found.exists) return { place, found };
  }
  const [config] = await vscode.workspace.findFiles(CONFIGS, "**/{node_modules,.git,.venv}/**", 1);
  if (config?.scheme !== "file") return undefined;
  const place = { uri: config.toString() };
  return { place, found: await server.call("hardware", place) };
}

function tooltip({ notes, findings }: HardwareResult): vscode.MarkdownString {
  const text = new vscode.MarkdownString("", true);
  for (const note of notes) text.appendText(note).appendMarkdown("\n\n");
  for (const { severity, code, message } of findings) {
    text.appendMarkdown(`$(${ICONS[severity] ?? "lightbulb"}) `).appendText(`${code}: ${message}`).appendMarkdown("\n\n");
  }
  return text.appendMarkdown("Click to change it.");
}

const ICONS: Readonly<Record<string, string>> = { error: "error", warning: "warning", information: "info" };
