// Choosing region, machine and GPU: from what the server says there is, into the project's config.

import * as vscode from "vscode";
import { command, say } from "../../commands";
import type { Extension, Feature } from "../../feature";
import { pick } from "../../picks";
import type { HardwareOption } from "../../protocol";
import { type Given, given, project } from "../../targets";
import { NAMES, type Part, rows } from "./menu";

export const hardware: Feature = (extension) => [
  command(extension, "caliban.selectRegion", (argument) => select(extension, "region", given(argument)), { trusted: false }),
  command(extension, "caliban.selectMachine", (argument) => select(extension, "machine_type", given(argument)), { trusted: false }),
  command(extension, "caliban.selectGpu", (argument) => select(extension, "gpu_spec", given(argument)), { trusted: false }),
  command(extension, "caliban.changeHardware", (argument) => change(extension, given(argument)), { trusted: false }),
];

/** Have one part chosen and write it; an argument that names a value, as key bindings may, is written at once. */
async function select(extension: Extension, part: Part, argument: Given): Promise<void> {
  const { server } = extension;
  const place = await placeOf(argument);
  const named = argument[part];
  let changes: HardwareOption["changes"] = typeof named === "string" || named === null ? { [part]: named } : null;
  if (changes === null) {
    const found = await server.call("hardware", { ...place, part });
    changes = (await picked(part, found.text, found.options)).changes;
  }
  await write(extension, await server.call("setHardware", { ...place, ...changes }), place);
}

/** Have the part chosen that is to be changed. */
async function change(extension: Extension, argument: Given): Promise<void> {
  const place = await placeOf(argument);
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

/** Which project is meant, as the server's commands take it. */
interface Where {
  readonly uri?: string;
  readonly root?: string;
}

async function placeOf(argument: Given): Promise<Where> {
  const { uri, root } = await project(argument);
  return typeof uri === "string" ? { uri } : typeof root === "string" ? { root } : {};
}

/** Show the options until one is chosen that can be had. */
async function picked(part: Part, title: string, options: readonly HardwareOption[]): Promise<HardwareOption> {
  type Item = vscode.QuickPickItem & { option?: HardwareOption };
  const list = vscode.window.createQuickPick<Item>();
  list.title = title;
  list.placeholder = `Which ${NAMES[part]}? Prices are of one job, an hour.`;
  list.matchOnDescription = true;
  list.matchOnDetail = true;
  list.items = rows(options).map((row): Item => ("heading" in row ? { label: row.heading, kind: vscode.QuickPickItemKind.Separator } : row));
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

/** Make the edit; a config that had no unsaved changes has none afterwards. */
async function write(extension: Extension, edit: Parameters<typeof extension.server.apply>[0], place: Where): Promise<void> {
  const { server } = extension;
  const before = await server.call("hardware", place);
  const config = vscode.Uri.file(before.config);
  const open = vscode.workspace.textDocuments.find(({ uri }) => uri.fsPath === config.fsPath);
  const unsaved = open?.isDirty === true;
  if (!(await server.apply(edit))) throw new Error(`${vscode.workspace.asRelativePath(config)} can't be changed.`);
  if (!unsaved) await (await vscode.workspace.openTextDocument(config)).save();
  const after = await server.call("hardware", place);
  const show = { "Open Config": () => vscode.window.showTextDocument(config) };
  void say(extension, `Caliban: ${after.text}`, show, !after.possible);
}
