// Notebooks in containers: the server starts Jupyter and waits for it; the Jupyter extension or a browser shows it.

import * as vscode from "vscode";
import { registerCommand } from "../../commands";
import type { Extension, Feature } from "../../feature";
import { showMessage } from "../../notifications";
import type { NotebookArguments, NotebookResult, Place } from "../../protocol";
import { commandArguments, resolveProject } from "../../targets";
import { containersMayHaveChanged } from "../containers/changes";
import { openInBrowser } from "./browser";
import { JupyterServers } from "./jupyter";

export const notebooks: Feature = (extension) => {
  const servers = new JupyterServers(extension);
  return [
    vscode.Disposable.from(servers),
    registerCommand(extension, "caliban.notebook", (argument) => start(extension, servers, argument)),
  ];
};

async function start(extension: Extension, servers: JupyterServers, argument: unknown): Promise<NotebookResult> {
  const asked = (await resolveProject(commandArguments(argument))) as Place & NotebookArguments;
  const result = await extension.server.call("notebook", asked, { title: "Starting a notebook" });
  const shownByJupyter = await servers.register();
  containersMayHaveChanged.fire();
  if (!shownByJupyter) await openInBrowser(result.url);
  void announce(extension, result, shownByJupyter);
  return result;
}

async function announce(extension: Extension, { container, port, url }: NotebookResult, shownByJupyter: boolean): Promise<void> {
  const how = shownByJupyter ? " Choose it for a notebook under Select Kernel, Existing Jupyter Server, Caliban." : "";
  await showMessage(extension, `Caliban: Jupyter answers on port ${port}, in ${container}.${how}`, {
    "Open": () => openInBrowser(url),
    "Copy URL": () => vscode.env.clipboard.writeText(url),
    "Stop": () => vscode.commands.executeCommand("caliban.containers.stop", { container }),
  });
}
