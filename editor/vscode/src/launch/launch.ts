// Decides which program starts the server, and where. The content of the open folders has no influence on it.

import { realpath, stat } from "node:fs/promises";
import { homedir } from "node:os";
import * as path from "node:path";
import * as vscode from "vscode";
import { discard, ensureEnvironment, type Environment, findEnvironments, isFrom, isWorking, readBundle, unwritable } from "./environments";
import { INTERPRETER, NotStarted, SERVER_PATH, StartCancelled } from "./errors";
import { findPython, isWithin } from "./findPython";
import { leaseAndCleanUp } from "./leases";
import { activeInterpreter } from "./pythonExtension";
import { withoutPythonVariables } from "./runProgram";
import type { Program } from "./serverProcess";

/** The program to start, and what to do after it has started or failed. */
export interface Launch extends Program {
  /** Its origin, for the report. */
  readonly origin: string;
  /** The setting to change if it doesn't work. */
  readonly setting: string;
  /** Called when the server has started. */
  readonly started: () => Promise<void>;
  /** Called when it has failed: discards a broken environment, and returns whether to try again. */
  readonly repair: () => Promise<boolean>;
}

/**
 * Decide what to start, and create its environment if there is none.
 *
 * @throws {NotStarted} nothing can be started.
 * @throws {StartCancelled} it was cancelled.
 */
export async function launch(context: vscode.ExtensionContext, log: vscode.LogOutputChannel, signal: AbortSignal): Promise<Launch> {
  const say = (line: string) => { log.info(line); };
  const storage = context.globalStorageUri.fsPath;
  const environment = withoutPythonVariables(process.env);
  const chosen = configured(SERVER_PATH);
  if (chosen !== "") {
    await checkProgram(chosen);
    // A program from the setting works without the extension's storage.
    const folder = await createFolder(storage).then(() => storage, () => context.extensionPath);
    say(`starting ${chosen}, which ${SERVER_PATH} names`);
    const origin = `${chosen}, which ${SERVER_PATH} names`;
    const nothing = { started: () => Promise.resolve(), repair: () => Promise.resolve(false) };
    return { command: chosen, args: ["serve"], folder, environment, origin, setting: SERVER_PATH, ...nothing };
  }
  const home = environmentsOf(context);
  const version = (context.extension.packageJSON as { version: string }).version;
  const ours = await readBundle(context.extensionPath, version);
  const folders = await openFolders();
  const where = { folder: storage, environment, signal };
  const interpreter = configured(INTERPRETER);
  const there = await findEnvironments(home, ours);
  let found: Environment | undefined;
  if (!vscode.workspace.isTrusted) {
    found = there.find((one) => !isFrom(one, folders));
    if (found === undefined) throw noEnvironment();
  } else {
    found = there.find((one) => interpreter === "" || one.made.asked === interpreter);
    if (found === undefined) {
      try {
        await createFolder(storage);
      } catch (error) {
        throw unwritable(storage, error);
      }
      const extension = () => activeInterpreter(say);
      const search = { chosen: interpreter, extension, platform: process.platform, run: where, avoided: folders, log: say };
      const python = { ...(await findPython(search)), asked: interpreter };
      if (signal.aborted) throw new StartCancelled();
      found = there.find((one) => one.made.base === python.base && one.made.version === python.version);
      found ??= await withProgress(signal, (abort, report) => ensureEnvironment(home, ours, python, { run: { ...where, signal: abort }, report, log: say }));
    }
  }
  say(`starting the server of the environment ${found.folder}, which has Python ${found.made.version}`);
  const used = found;
  return {
    command: used.python,
    args: ["-I", "-m", "caliban_ls", "serve"],
    folder: storage,
    environment,
    origin: `the extension's own, with Python ${used.made.version} of ${used.made.base}`,
    setting: INTERPRETER,
    started: () => leaseAndCleanUp(home, used, ours, say),
    repair: async () => {
      if (!vscode.workspace.isTrusted || signal.aborted || (await isWorking(used, where))) return false;
      say(`the environment ${used.folder} is broken; creating a new one`);
      await discard(used.folder);
      return true;
    },
  };
}

/** Return the folder of the environments. */
export function environmentsOf(context: vscode.ExtensionContext): string {
  return path.join(context.globalStorageUri.fsPath, "environments");
}

/** Do something while a notification shows its progress and can cancel it. */
function withProgress<T>(signal: AbortSignal, make: (signal: AbortSignal, report: (message: string) => void) => Promise<T>): Promise<T> {
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: "Caliban creates its environment, once for this version",
    cancellable: true,
  };
  return Promise.resolve(
    vscode.window.withProgress(options, async (progress, token) => {
      const either = new AbortController();
      const listener = token.onCancellationRequested(() => { either.abort(); });
      const abort = () => { either.abort(); };
      signal.addEventListener("abort", abort);
      if (signal.aborted) abort();
      try {
        return await make(either.signal, (message) => { progress.report({ message }); });
      } finally {
        signal.removeEventListener("abort", abort);
        listener.dispose();
      }
    }),
  );
}

/** Return the path in a setting, with `~` replaced. VS Code reads these settings from the user alone, not from a folder. */
function configured(setting: string): string {
  const value = vscode.workspace.getConfiguration().get<string>(setting, "").trim();
  return value.startsWith("~/") ? path.join(homedir(), value.slice(2)) : value;
}

async function checkProgram(chosen: string): Promise<void> {
  const other = "Choose another, or clear the setting to use the extension's own server.";
  if (!path.isAbsolute(chosen)) {
    throw new NotStarted(`The setting ${SERVER_PATH} isn't an absolute path: ${chosen}.`, "Give the full path.", SERVER_PATH);
  }
  const real = await realpath(chosen).catch(() => chosen);
  const folders = await openFolders();
  if (!vscode.workspace.isTrusted && (isWithin(chosen, folders) || isWithin(real, folders))) {
    throw new NotStarted(`${chosen}, which ${SERVER_PATH} names, is in a folder that isn't trusted.`, other, SERVER_PATH, true);
  }
  const file = await stat(chosen).catch(() => undefined);
  if (file?.isFile() !== true) {
    throw new NotStarted(`There is no program ${chosen}, which ${SERVER_PATH} names.`, other, SERVER_PATH);
  }
}

/** Return the open folders and their real paths. */
async function openFolders(): Promise<string[]> {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter((one) => one.uri.scheme === "file").map((one) => one.uri.fsPath);
  const real = await Promise.all(folders.map((folder) => realpath(folder).catch(() => folder)));
  return [...new Set([...folders, ...real])];
}

async function createFolder(folder: string): Promise<void> {
  await vscode.workspace.fs.createDirectory(vscode.Uri.file(folder));
}

function noEnvironment(): NotStarted {
  return new NotStarted(
    "The server has no environment yet, and none is created in a folder that isn't trusted.",
    "Trust this folder, or open one that you trust once.",
    undefined,
    true,
  );
}
