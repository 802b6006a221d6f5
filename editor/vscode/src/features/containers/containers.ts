// The Containers view and the commands on containers, which also take `{container}`.

import * as vscode from "vscode";
import { registerCommand } from "../../commands";
import type { Extension, Feature } from "../../feature";
import type { Container } from "../../protocol";
import { pick } from "../../quickPicks";
import { commandArguments } from "../../targets";
import { openInBrowser } from "../notebooks/browser";
import { openTerminal } from "../terminals";
import { containersMayHaveChanged } from "./changes";
import { rowText } from "./rows";
import { ContainersTree } from "./tree";

export const containers: Feature = (extension) => {
  const tree = new ContainersTree(extension);
  return [
    vscode.Disposable.from(tree),
    registerCommand(extension, "caliban.containers.refresh", () => tree.refresh()),
    registerCommand(extension, "caliban.containers.attach", async (row) => {
      const { name } = await resolveContainer(extension, row);
      const { terminal } = await extension.server.call("attach", { container: name });
      if (terminal !== null) openTerminal(terminal);
    }),
    registerCommand(extension, "caliban.containers.open", async (row) => {
      const { name, url } = await resolveContainer(extension, row, "notebook");
      if (url === null) throw new Error(`${name} has no address to open.`);
      await openInBrowser(url);
    }),
    registerCommand(extension, "caliban.containers.stop", async (row) => {
      await stop(extension, await resolveContainer(extension, row));
    }),
  ];
};

/** Return the container of a row or of a key binding's argument; otherwise let the user choose one. */
async function resolveContainer(extension: Extension, row: unknown, kind?: string): Promise<Container> {
  if (typeof row === "object" && row !== null && "id" in row && "kind" in row) return row as Container;
  const found = (await extension.server.call("containers", {})).containers.filter((one) => kind === undefined || one.kind === kind);
  const { container: name } = commandArguments(row);
  if (typeof name === "string") {
    const one = found.find((container) => container.name === name || container.id === name);
    if (one === undefined) throw new Error(`Caliban runs no container ${name} now.`);
    return one;
  }
  if (found.length === 0) throw new Error(`Caliban runs no ${kind ?? "container"} now.`);
  const items = found.map((container) => ({ ...rowText(container, Date.now()), detail: container.kind, container }));
  return (await pick(items, { placeHolder: "Which container?" })).container;
}

const CONSEQUENCES: Readonly<Record<string, string>> = {
  shell: "Programs that run in it are killed.",
  notebook: "Its kernels stop; the project's files stay.",
  run: "Its job ends and counts as stopped.",
};

/** Stop a container after the user has confirmed. */
export async function stop(extension: Extension, { name, kind }: Container): Promise<void> {
  const question = { modal: true, detail: CONSEQUENCES[kind] ?? "" };
  if ((await vscode.window.showWarningMessage(`Stop ${name}?`, question, "Stop")) !== "Stop") return;
  await extension.server.call("stopContainer", { container: name }, { title: `Stopping ${name}` });
  containersMayHaveChanged.fire();
}
