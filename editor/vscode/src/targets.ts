// Which experiment config or project a command is about: what it was given, or what the user looks at.

import * as vscode from "vscode";
import { pick } from "./quickPicks";

/** The language ids of our files. */
export const EXPERIMENT = "caliban-experiment";
export const CONFIG = "caliban-config";

const EXPERIMENT_GLOB = "**/{experiment.json,experiment[-_.]*.json,*.experiment.json,*_experiment.json}";

/** An object of arguments, as key bindings, lenses and other extensions give it. */
export type CommandArguments = Readonly<Record<string, unknown>>;

/** Return the arguments that a command was given: an object as it is; a file or tab that was clicked, as its `uri`. */
export function commandArguments(argument: unknown): CommandArguments {
  if (argument instanceof vscode.Uri) return { uri: argument.toString() };
  if (typeof argument !== "object" || argument === null) return {};
  const { show: _, ...rest } = argument as Record<string, unknown>;
  return rest;
}

/**
 * Return the experiment config that is meant, saved: the one that was named, or that is open, or that is chosen.
 *
 * @throws {vscode.CancellationError} none was chosen.
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
 * Return arguments that say which project is meant: those that were given, or with the file that is open, or with the
 * folder that is chosen.
 *
 * @throws {vscode.CancellationError} none was chosen.
 */
export async function resolveProject(argument: CommandArguments): Promise<CommandArguments> {
  if (typeof argument.root === "string" || typeof argument.uri === "string") return argument;
  const open = vscode.window.activeTextEditor?.document.uri;
  if (open?.scheme === "file" && vscode.workspace.getWorkspaceFolder(open)) return { ...argument, uri: open.toString() };
  return { ...argument, root: await resolveFolder(argument) };
}

/** Return files as rows to choose from, by their names. */
export function fileItems(files: readonly vscode.Uri[]): { label: string; uri: vscode.Uri }[] {
  const items = files.map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri }));
  return items.sort((one, other) => one.label.localeCompare(other.label));
}

/** Return the experiment configs of the open folders, all of them, as far as their names tell. */
export async function findExperiments(): Promise<vscode.Uri[]> {
  return vscode.workspace.findFiles(EXPERIMENT_GLOB, "**/{node_modules,.git,.venv}/**");
}

/**
 * Return the folder that is meant, as a URI: the one that was named, or that of what is open, or that is chosen.
 *
 * @throws {vscode.CancellationError} none was chosen.
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
