// The commands that choose region, machine and GPU from the server's options, and write them to the project's config.

import * as vscode from "vscode";
import { registerCommand } from "../../commands";
import type { Extension, Feature } from "../../feature";
import { showMessage } from "../../notifications";
import type { HardwareOption } from "../../protocol";
import { pick } from "../../quickPicks";
import { type CommandArguments, commandArguments, resolveProject } from "../../targets";
import { type HardwarePart, hardwareRows, PART_NAMES } from "./rows";

export const hardware: Feature = (extension) => [
  registerCommand(extension, "caliban.selectRegion", (argument) => select(extension, "region", commandArguments(argument)), { trusted: false }),
  registerCommand(extension, "caliban.selectMachine", (argument) => select(extension, "machine_type", commandArguments(argument)), { trusted: false }),
  registerCommand(extension, "caliban.selectGpu", (argument) => select(extension, "gpu_spec", commandArguments(argument)), { trusted: false }),
  registerCommand(extension, "caliban.changeHardware", (argument) => change(extension, commandArguments(argument)), { trusted: false }),
];

/** Let the user choose a value and write it. A value in the argument, as from a key binding, is written without asking. */
async function select(extension: Extension, part: HardwarePart, argument: CommandArguments): Promise<void> {
  const { server } = extension;
  const place = await projectPlace(argument);
  const named = argument[part];
  let changes: HardwareOption["changes"] = typeof named === "string" || named === null ? { [part]: named } : null;
  if (changes === null) {
    const found = await server.call("hardware", { ...place, part });
    changes = (await pickOption(part, found.text, found.options)).changes;
  }
  await applyEdit(extension, await server.call("setHardware", { ...place, ...changes }), place);
}

/** Let the user choose what to change. */
async function change(extension: Extension, argument: CommandArguments): Promise<void> {
  const place = await projectPlace(argument);
  const found = await extension.server.call("hardware", place);
  const items = [
    { label: "$(globe) Select Region…", description: found.region, id: "caliban.selectRegion" },
    { label: "$(server) Select Machine…", description: found.machine_type, id: "caliban.selectMachine" },
    { label: "$(chip) Select GPU…", description: found.accelerator ?? "none", id: "caliban.selectGpu" },
    { label: "$(go-to-file) Open Config", description: vscode.workspace.asRelativePath(found.config), id: undefined },
  ];
  const chosen = await pick(found.exists ? items : items.slice(0, 3), { title: found.text });
  if (chosen.id !== undefined) await vscode.commands.executeCommand(chosen.id, place);
  else await vscode.window.showTextDocument(vscode.Uri.file(found.config));
}

/** A project, as an argument of the server's commands. */
interface ProjectPlace {
  readonly uri?: string;
  readonly root?: string;
}

async function projectPlace(argument: CommandArguments): Promise<ProjectPlace> {
  const { uri, root } = await resolveProject(argument);
  return typeof uri === "string" ? { uri } : typeof root === "string" ? { root } : {};
}

/** Show the options until the user chooses an available one. */
async function pickOption(part: HardwarePart, title: string, options: readonly HardwareOption[]): Promise<HardwareOption> {
  type Item = vscode.QuickPickItem & { option?: HardwareOption };
  const list = vscode.window.createQuickPick<Item>();
  list.title = title;
  list.placeholder = `Which ${PART_NAMES[part]}? Prices are per job and hour.`;
  list.matchOnDescription = true;
  list.matchOnDetail = true;
  list.items = hardwareRows(options).map((row): Item => ("heading" in row ? { label: row.heading, kind: vscode.QuickPickItemKind.Separator } : row));
  list.activeItems = list.items.filter(({ option }) => option?.current === true);
  try {
    return await new Promise<HardwareOption>((resolve, reject) => {
      list.onDidAccept(() => {
        const option = list.selectedItems[0]?.option;
        if (option === undefined) return;
        if (option.changes === null) list.title = `${option.reason}.`;
        else resolve(option);
      });
      list.onDidHide(() => { reject(new vscode.CancellationError()); });
      list.show();
    });
  } finally {
    list.dispose();
  }
}

/** Apply an edit to the config, and save it if it had no unsaved changes. */
async function applyEdit(extension: Extension, edit: Parameters<typeof extension.server.apply>[0], place: ProjectPlace): Promise<void> {
  const { server } = extension;
  const before = await server.call("hardware", place);
  const config = vscode.Uri.file(before.config);
  const open = vscode.workspace.textDocuments.find(({ uri }) => uri.fsPath === config.fsPath);
  const unsaved = open?.isDirty === true;
  if (!(await server.apply(edit))) throw new Error(`${vscode.workspace.asRelativePath(config)} can't be changed.`);
  if (!unsaved) await (await vscode.workspace.openTextDocument(config)).save();
  const after = await server.call("hardware", place);
  const show = { "Open Config": () => vscode.window.showTextDocument(config) };
  void showMessage(extension, `Caliban: ${after.text}`, show, !after.possible);
}
