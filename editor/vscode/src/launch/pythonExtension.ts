// Asks the Python extension for the open folder's interpreter.

import * as vscode from "vscode";

/** The part of its API that is used here. */
interface PythonApi {
  readonly environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string };
    resolveEnvironment(
      environment: { readonly path: string },
    ): Promise<{ readonly executable: { readonly uri?: vscode.Uri } } | undefined>;
  };
}

const ID = "ms-python.python";
const TIMEOUT_MILLISECONDS = 10_000;

/** Return the active interpreter; undefined if the extension isn't installed, doesn't answer in time or has none. */
export async function activeInterpreter(log: (line: string) => void): Promise<string | undefined> {
  const extension = vscode.extensions.getExtension<PythonApi | undefined>(ID);
  if (extension === undefined) return undefined;
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => { resolve(undefined); }, TIMEOUT_MILLISECONDS);
  });
  try {
    return await Promise.race([askExtension(extension), patience]);
  } catch (error) {
    log(`Python extension: no answer: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

async function askExtension(extension: vscode.Extension<PythonApi | undefined>): Promise<string | undefined> {
  const environments = (await extension.activate())?.environments;
  if (environments === undefined) return undefined;
  const active = environments.getActiveEnvironmentPath(vscode.workspace.workspaceFolders?.[0]?.uri);
  return (await environments.resolveEnvironment(active))?.executable.uri?.fsPath;
}
