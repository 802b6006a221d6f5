// Tasks of type `caliban`: the command line in a terminal. `$caliban` puts findings of `check` into the Problems panel;
// no task has that by itself, since the server has put those of every file there already.

import * as path from "node:path";
import * as vscode from "vscode";
import type { Extension, Feature } from "../../feature";
import type { Caliban } from "../../server/server";
import { experiments } from "../../targets";
import { type Definition, titled, words } from "./definition";

const TYPE = "caliban";
const GROUPS: Readonly<Record<string, vscode.TaskGroup>> = { build: vscode.TaskGroup.Build, check: vscode.TaskGroup.Test };

export const tasks: Feature = (extension) => [
  vscode.tasks.registerTaskProvider(TYPE, {
    provideTasks: () => provided(extension),
    resolveTask: async (task) => resolved(extension, task),
  }),
];

/** Return the tasks that each project has: checking, building, and running each of its sweeps. */
async function provided(extension: Extension): Promise<vscode.Task[]> {
  if (!vscode.workspace.isTrusted) return [];
  const caliban = await extension.server.program();
  const sweeps = await experiments();
  const onDisk = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file");
  return onDisk.flatMap((folder) => {
    const own = sweeps.filter((uri) => vscode.workspace.getWorkspaceFolder(uri)?.index === folder.index);
    const runs = own.map((uri) => ({ command: "run", experiment_config: path.posix.relative(folder.uri.path, uri.path) }));
    const definitions = [{ command: "check" }, { command: "build" }, ...runs.sort((one, other) => one.experiment_config.localeCompare(other.experiment_config))];
    return definitions.map((definition) => made({ type: TYPE, ...definition }, folder, caliban));
  });
}

/** Return a task of tasks.json with what it runs; its definition is the very object that came, or VS Code refuses it. */
async function resolved(extension: Extension, task: vscode.Task): Promise<vscode.Task | undefined> {
  if (!vscode.workspace.isTrusted) return undefined;
  const scope = typeof task.scope === "object" ? task.scope : vscode.workspace.workspaceFolders?.[0];
  if (scope === undefined) return undefined;
  return made(task.definition as Written, scope, await extension.server.program());
}

type Written = Definition & vscode.TaskDefinition;

function made(definition: Written, folder: vscode.WorkspaceFolder, caliban: Caliban): vscode.Task {
  const execution = new vscode.ProcessExecution(caliban.command, [...caliban.args, ...words(definition)], { cwd: folder.uri.fsPath });
  const task = new vscode.Task(definition, folder, titled(definition), TYPE, execution, []);
  task.group = GROUPS[definition.command];
  return task;
}
