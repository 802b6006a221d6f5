// Gives experiment configs and project configs their language ids; the server says which files they are.

import * as vscode from "vscode";
import { registerCommand } from "../commands";
import type { Extension, Feature } from "../feature";
import type { IdentifyArguments } from "../protocol";
import { commandArguments, CONFIG, EXPERIMENT } from "../targets";

const SETTING = "experimentFiles";
const PLAIN = "json";

export const languages: Feature = (extension) => {
  // Documents that already have their language, from the server or from the user.
  const settled = new Set<string>();

  const settle = async (document: vscode.TextDocument): Promise<void> => {
    const uri = document.uri.toString();
    if (!isCandidate(document) || settled.has(uri) || extension.server.state.kind !== "running") return;
    settled.add(uri);
    try {
      const { kind } = await extension.server.call("identify", identifyArguments(document.uri));
      await setLanguage(document, kind);
    } catch (error) {
      extension.log.debug(`can't find out the kind of ${uri}: ${String(error)}`);
    }
  };
  const settleAll = () => {
    settled.clear();
    for (const document of vscode.workspace.textDocuments) void settle(document);
  };
  const forget = ({ uri }: vscode.TextDocument) => {
    // Changing a document's language closes it and opens it again; that isn't a new document.
    setImmediate(() => {
      if (!vscode.workspace.textDocuments.some((one) => one.uri.toString() === uri.toString())) settled.delete(uri.toString());
    });
  };

  settleAll();
  return [
    vscode.workspace.onDidOpenTextDocument((document) => void settle(document)),
    vscode.workspace.onDidCloseTextDocument(forget),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration(`caliban.${SETTING}`)) settleAll();
    }),
    extension.server.onDidChangeState(({ kind }) => {
      if (kind === "running") settleAll();
    }),
    registerCommand(extension, "caliban.treatAsExperiment", (argument) => treatAs(extension, argument, "experiment"), { trusted: false }),
    registerCommand(extension, "caliban.treatAsJson", (argument) => treatAs(extension, argument, "json"), { trusted: false }),
  ];
};

/** Make a file an experiment config or plain JSON: change the setting for the server, and the language in the editor. */
async function treatAs(extension: Extension, argument: unknown, kind: "experiment" | "json"): Promise<void> {
  const named = commandArguments(argument).uri;
  const uri = typeof named === "string" ? vscode.Uri.parse(named, true) : vscode.window.activeTextEditor?.document.uri;
  if (uri === undefined) throw new Error("No file is open. Open the JSON file first.");
  const found = await extension.server.call("identify", { ...identifyArguments(uri), treat_as: kind });
  const target = vscode.workspace.workspaceFolders === undefined ? vscode.ConfigurationTarget.Global : vscode.ConfigurationTarget.Workspace;
  const globs = found.experiment_files.length > 0 ? found.experiment_files : undefined;
  await vscode.workspace.getConfiguration("caliban").update(SETTING, globs, target);
  const document = await vscode.workspace.openTextDocument(uri);
  await setLanguage(document, found.kind);
  await vscode.window.showTextDocument(document);
}

function identifyArguments(uri: vscode.Uri): IdentifyArguments & { root?: string } {
  const folder = vscode.workspace.getWorkspaceFolder(uri);
  const globs = vscode.workspace.getConfiguration("caliban", uri).get<string[]>(SETTING, []);
  return { uri: uri.toString(), root: folder?.uri.toString(), experiment_files: globs };
}

function isCandidate({ uri, languageId }: vscode.TextDocument): boolean {
  return uri.scheme === "file" && ["json", "jsonc", EXPERIMENT].includes(languageId);
}

/** Set a document's language to that of its kind. A file of no kind becomes JSON if it has one of our languages. */
async function setLanguage(document: vscode.TextDocument, kind: "experiment" | "project" | null): Promise<void> {
  const wanted = kind === "experiment" ? EXPERIMENT : kind === "project" ? CONFIG : undefined;
  const hasOurs = document.languageId === EXPERIMENT || document.languageId === CONFIG;
  const language = wanted ?? (hasOurs ? PLAIN : document.languageId);
  if (document.languageId !== language && !document.isClosed) await vscode.languages.setTextDocumentLanguage(document, language);
}
