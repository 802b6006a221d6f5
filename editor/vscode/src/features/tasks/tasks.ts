// Tasks of type `caliban`: the command line in a terminal. The problem matcher `$caliban` reads the findings of `check`. No
// task uses it by default, since the server has put the findings of every file into the Problems panel already.

import * as path from "node:path";
import * as vscode from "vscode";
import type { Extension, Feature } from "../../feature";
import type { CommandLine } from "../../server/server";
import { findExperiments } from "../../targets";
import { type CalibanTaskDefinition, commandLine, taskName } from "./definition";

const TYPE = "caliban";
const GROUPS: Readonly<Record<string, vscode.TaskGroup>> = { build: vscode.TaskGroup.Build, check: vscode.TaskGroup.Test };

export const tasks: Feature = (extension) => [
  vscode.tasks.registerTaskProvider(TYPE, {
    provideTasks: () => provideTasks(extension),
    resolveTask: async (task) => resolveTask(extension, task),
  }),
];

/** Return each project's tasks: check, build, and run for each of its sweeps. */
async function provideTasks(extension: Extension): Promise<vscode.Task[]> {
  if (!vscode.workspace.isTrusted) return [];
  const caliban = await extension.server.program();
  const sweeps = await findExperiments();
  const onDisk = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file");
  return onDisk.flatMap((folder) => {
    const own = sweeps.filter((uri) => vscode.workspace.getWorkspaceFolder(uri)?.index === folder.index);
    const runs = own.map((uri) => ({ command: "run", experiment_config: path.posix.relative(folder.uri.path, uri.path) }));
    const definitions = [{ command: "check" }, { command: "build" }, ...runs.sort((one, other) => one.experiment_config.localeCompare(other.experiment_config))];
    return definitions.map((definition) => createTask({ type: TYPE, ...definition }, folder, caliban));
  });
}

/** Return a task of tasks.json with its execution. VS Code requires the same definition object. */
async function resolveTask(extension: Extension, task: vscode.Task): Promise<vscode.Task | undefined> {
  if (!vscode.workspace.isTrusted) return undefined;
  const scope = typeof task.scope === "object" ? task.scope : vscode.workspace.workspaceFolders?.[0];
  if (scope === undefined) return undefined;
  return createTask(task.definition as Written, scope, await extension.server.program());
}

type Written = CalibanTaskDefinition & vscode.TaskDefinition;

function createTask(definition: Written, folder: vscode.WorkspaceFolder, caliban: CommandLine): vscode.Task {
  const execution = new vscode.ProcessExecution(caliban.command, [...caliban.args, ...commandLine(definition)], { cwd: folder.uri.fsPath });
  const task = new vscode.Task(definition, folder, taskName(definition), TYPE, execution, []);
  task.group = GROUPS[definition.command];
  return task;
}
