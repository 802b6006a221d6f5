// Finds the experiment config or project that a command acts on: from its arguments, or from the active editor.

import * as vscode from "vscode";
import { pick } from "./quickPicks";

/** The language ids of the extension. */
export const EXPERIMENT = "caliban-experiment";
export const CONFIG = "caliban-config";

const EXPERIMENT_GLOB = "**/{experiment.json,experiment[-_.]*.json,*.experiment.json,*_experiment.json}";

/** The arguments of a command, as key bindings, code lenses and other extensions pass them. */
export type CommandArguments = Readonly<Record<string, unknown>>;

/** Return a command's arguments: an object as it is, a clicked file or tab as its `uri`. */
export function commandArguments(argument: unknown): CommandArguments {
  if (argument instanceof vscode.Uri) return { uri: argument.toString() };
  if (typeof argument !== "object" || argument === null) return {};
  const { show: _, ...rest } = argument as Record<string, unknown>;
  return rest;
}

/**
 * Return the experiment config to act on: from the arguments, the one that is open, or one that the user chooses.
 *
 * @throws {vscode.CancellationError} the user chose none.
 */
export async function resolveExperiment(argument: CommandArguments): Promise<vscode.Uri> {
  if (typeof argument.uri === "string") return vscode.Uri.parse(argument.uri, true);
  const open = vscode.window.activeTextEditor?.document;
  if (open?.languageId === EXPERIMENT) return open.uri;
  const found = await findExperiments();
  const only = found[0];
  if (only !== undefined && found.length === 1) return only;
  if (only === undefined) throw new Error("There is no experiment config in the open folders; “New Experiment” writes one.");
  return (await pick(fileItems(found), { placeHolder: "Which experiment config?" })).uri;
}

/**
 * Return arguments that name a project: as given, or with the open file, or with a folder that the user chooses.
 *
 * @throws {vscode.CancellationError} the user chose none.
 */
export async function resolveProject(argument: CommandArguments): Promise<CommandArguments> {
  if (typeof argument.root === "string" || typeof argument.uri === "string") return argument;
  const open = vscode.window.activeTextEditor?.document.uri;
  if (open?.scheme === "file" && vscode.workspace.getWorkspaceFolder(open)) return { ...argument, uri: open.toString() };
  return { ...argument, root: await resolveFolder(argument) };
}

/** Return files as rows of a list, sorted by path. */
export function fileItems(files: readonly vscode.Uri[]): { label: string; uri: vscode.Uri }[] {
  const items = files.map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri }));
  return items.sort((one, other) => one.label.localeCompare(other.label));
}

/** Return the experiment configs in the open folders, by their file names. */
export async function findExperiments(): Promise<vscode.Uri[]> {
  return vscode.workspace.findFiles(EXPERIMENT_GLOB, "**/{node_modules,.git,.venv}/**");
}

/**
 * Return the folder to act on, as a URI: from the arguments, that of the open file, or one that the user chooses.
 *
 * @throws {vscode.CancellationError} the user chose none.
 */
export async function resolveFolder(argument: CommandArguments): Promise<string> {
  if (typeof argument.root === "string") return argument.root;
  const about = typeof argument.uri === "string" ? vscode.Uri.parse(argument.uri, true) : vscode.window.activeTextEditor?.document.uri;
  const around = about && vscode.workspace.getWorkspaceFolder(about);
  if (around !== undefined) return around.uri.toString();
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length === 0) throw new Error("No folder is open. Open the project's folder first.");
  const chosen = folders.length === 1 ? folders[0] : await vscode.window.showWorkspaceFolderPick();
  if (chosen === undefined) throw new vscode.CancellationError();
  return chosen.uri.toString();
}
