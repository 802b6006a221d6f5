// Offers running notebooks to the Jupyter extension, as a server collection of its API.

import * as vscode from "vscode";
import type { Extension } from "../../feature";
import { containersMayHaveChanged } from "../containers/changes";

const JUPYTER = "ms-toolsai.jupyter";
const COLLECTION = "caliban";
const NOTEBOOK_TYPE = "jupyter-notebook";

/** A server in the Jupyter extension's API. */
interface JupyterServer {
  readonly id: string;
  readonly label: string;
  readonly connectionInformation: { readonly baseUrl: vscode.Uri; readonly token?: string };
}

/** The part of the Jupyter extension's API that is used here. */
interface JupyterApi {
  createJupyterServerCollection(id: string, label: string, provider: object): { commandProvider?: object; dispose(): void };
}

/** Offers running notebooks. Activates the Jupyter extension only when a notebook is open or started. */
export class JupyterServers {
  private readonly parts: { dispose(): unknown }[];
  private registering: Promise<boolean> | undefined;

  constructor(private readonly extension: Extension) {
    this.parts = [
      vscode.workspace.onDidOpenNotebookDocument(({ notebookType }) => {
        if (notebookType === NOTEBOOK_TYPE) void this.register();
      }),
    ];
    if (vscode.workspace.notebookDocuments.some(({ notebookType }) => notebookType === NOTEBOOK_TYPE)) void this.register();
  }

  /** Register the collection; return whether the Jupyter extension is installed. */
  register(): Promise<boolean> {
    this.registering ??= this.create().catch((error: unknown) => {
      this.extension.log.warn(`can't offer notebooks to the Jupyter extension: ${String(error)}`);
      return false;
    }).then((done) => {
      if (!done) this.registering = undefined;
      return done;
    });
    return this.registering;
  }

  dispose(): void {
    for (const part of this.parts) part.dispose();
  }

  private async create(): Promise<boolean> {
    const found = vscode.extensions.getExtension<JupyterApi>(JUPYTER);
    if (found === undefined) return false;
    const jupyter = await found.activate();
    const collection = jupyter.createJupyterServerCollection(COLLECTION, "Caliban", {
      onDidChangeServers: containersMayHaveChanged.event,
      provideJupyterServers: (token: vscode.CancellationToken) => this.servers(token),
      resolveJupyterServer: (server: JupyterServer) => server,
    });
    collection.commandProvider = {
      provideCommands: () => [{ label: "Start a Notebook in a Container", canBeAutoSelected: true }],
      handleCommand: () => this.start(),
    };
    this.parts.push(collection);
    return true;
  }

  private async servers(token?: vscode.CancellationToken): Promise<JupyterServer[]> {
    if (!vscode.workspace.isTrusted) return [];
    const { containers } = await this.extension.server.call("containers", {}, { token });
    return containers.flatMap(({ name, folder, url }) => (url === null ? [] : [{ id: name, label: serverLabel(folder, name), connectionInformation: connection(url) }]));
  }

  private async start(): Promise<JupyterServer | undefined> {
    const started = await vscode.commands.executeCommand<{ container: string } | undefined>("caliban.notebook");
    return (await this.servers()).find(({ id }) => id === started?.container);
  }
}

function serverLabel(folder: string, name: string): string {
  return `${folder.split(/[\\/]/).at(-1) ?? ""} (${name})`;
}

function connection(url: string): JupyterServer["connectionInformation"] {
  const whole = new URL(url);
  const token = whole.searchParams.get("token") ?? undefined;
  whole.search = "";
  return { baseUrl: vscode.Uri.parse(whole.href, true), token };
}
