// The server's virtual environments: one for each wheel and Python, in the extension's storage, created once.
//
// An environment is created in its final folder, because its scripts contain the path of their interpreter. It gets a
// marker file when it is complete; one without a marker is removed. Each has a unique name, so that a pip that outlives its
// window can't write into another's environment. Windows that need the same environment wait for each other. Environments
// of other versions of the extension are removed when no window uses them.

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { INTERPRETER, NotStarted, sentence, SERVER_PATH, StartCancelled } from "./errors";
import { isWithin, type Python } from "./findPython";
import { withLock } from "./lock";
import { pipFailure } from "./pip";
import { type RunOptions, runProgram } from "./runProgram";

/** The files to install: the server's wheel, and the pinned versions of its dependencies. */
export interface Bundle {
  readonly wheel: string;
  readonly constraints: string;
  /** Identifies this version of the extension and the content of both files. */
  readonly key: string;
}

/** A complete environment. */
export interface Environment {
  readonly folder: string;
  readonly python: string;
  readonly made: Python & { readonly asked: string };
}

export interface CreateOptions {
  readonly run: Pick<RunOptions, "folder" | "environment" | "signal">;
  readonly report: (message: string) => void;
  readonly log: (line: string) => void;
}

const MARK = "caliban.json";
const LOCK = "making.lock";
const CHECK = ["-I", "-m", "caliban_ls.core.packages"]; // imports every package that a command needs

/** Return the extension's bundled files. */
export async function readBundle(extension: string, version: string): Promise<Bundle> {
  const folder = path.join(extension, "bundled");
  const name = (await readdir(folder)).find((one) => one.endsWith(".whl"));
  if (name === undefined) throw new NotStarted("The extension's own server is missing.", "Install the extension again.", SERVER_PATH);
  const wheel = path.join(folder, name);
  const constraints = path.join(folder, "constraints.txt");
  const digest = createHash("sha256");
  for (const file of [wheel, constraints]) digest.update(await readFile(file));
  return { wheel, constraints, key: `${version}-${digest.digest("hex").slice(0, 16)}` };
}

/** Return the environments of a bundle, the newest first. */
export async function findEnvironments(home: string, { key }: Bundle): Promise<Environment[]> {
  const names = await readdir(home).catch(() => []);
  const found = await Promise.all(names.filter((name) => name.startsWith(`${key}-`)).map((name) => readEnvironment(path.join(home, name))));
  const usable = found.filter((one) => one !== undefined);
  return usable.sort((one, other) => other.at - one.at).map((one) => one.environment);
}

async function readEnvironment(folder: string): Promise<{ environment: Environment; at: number } | undefined> {
  try {
    const mark = path.join(folder, MARK);
    const made = JSON.parse(await readFile(mark, "utf8")) as Environment["made"];
    const python = interpreter(folder);
    await stat(python);
    return { environment: { folder, python, made }, at: (await stat(mark)).mtimeMs };
  } catch {
    return undefined;
  }
}

/**
 * Return the environment of a bundle and a Python; create it if there is none.
 *
 * @throws {NotStarted} it can't be created; nothing of it is left then.
 */
export async function ensureEnvironment(home: string, bundle: Bundle, python: Python & { asked: string }, making: CreateOptions): Promise<Environment> {
  const mark = createHash("sha256").update(`${python.base}\0${python.version}`).digest("hex").slice(0, 12);
  const prefix = `${bundle.key}-${mark}-`;
  const folder = path.join(home, `${prefix}${process.pid.toString(36)}${Date.now().toString(36)}`);
  try {
    await mkdir(home, { recursive: true });
    return await withLock(path.join(home, LOCK), making, async () => {
      const there = (await findEnvironments(home, bundle)).find((one) => path.basename(one.folder).startsWith(prefix));
      if (there !== undefined) return there;
      await removeIncomplete(home);
      try {
        await install(folder, bundle, python, making);
        await writeFile(path.join(folder, MARK), JSON.stringify(python));
      } catch (error) {
        await remove(folder);
        throw error;
      }
      return { folder, python: interpreter(folder), made: python };
    });
  } catch (error) {
    throw error instanceof NotStarted || error instanceof StartCancelled ? error : unwritable(home, error);
  }
}

async function install(folder: string, bundle: Bundle, python: Python, { run: where, report, log }: CreateOptions): Promise<void> {
  const inside = interpreter(folder);
  const pip = ["-I", "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--no-color", "--progress-bar=off", "--retries=2"];
  const step = async (program: string, words: string[], onLine: (line: string) => void = () => undefined): Promise<string> => {
    log(`${program} ${words.join(" ")}`);
    const ran = await runProgram(program, words, { ...where, seconds: 900, onLine });
    if (where.signal?.aborted === true) throw new StartCancelled();
    if (ran.code === 0) return "";
    log(`${ran.stdout}\n${ran.stderr}`.trim());
    return ran.stderr.trim() || ran.stdout.trim() || `it ended with exit code ${String(ran.code)}`;
  };
  report(`with Python ${python.version}`);
  const unmade = await step(python.base, ["-I", "-m", "venv", folder]);
  if (unmade !== "") throw notMade(python, unmade);
  report("installing its packages");
  const failed = await step(inside, [...pip, "--constraint", bundle.constraints, bundle.wheel], (line) => {
    const collecting = /^\s*Collecting ([\w.-]+)/.exec(line)?.[1];
    if (collecting !== undefined) report(collecting);
    else if (line.startsWith("Installing collected packages")) report("putting its packages in place");
  });
  if (failed !== "") throw notInstalled(failed);
  const broken = await step(inside, CHECK);
  if (broken !== "") throw notMade(python, broken);
}

/** Return whether an environment has every package that the server needs. */
export async function isWorking(environment: Environment, where: CreateOptions["run"]): Promise<boolean> {
  const ran = await runProgram(environment.python, CHECK, { ...where, seconds: 60 });
  return ran.code === 0;
}

/** Return whether a name in the storage is that of an environment. */
export function isEnvironment(name: string): boolean {
  return /^\d.*-[0-9a-f]{16}-[0-9a-f]{12}(?:-[0-9a-z]+)?$/.test(name);
}

/** Remove incomplete and discarded environments. */
async function removeIncomplete(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    const place = path.join(home, name);
    if (name.startsWith(".") || (isEnvironment(name) && (await readEnvironment(place)) === undefined)) await remove(place);
  }
}

/** Rename an environment, so that it isn't found any more, and remove it. */
export async function discard(folder: string): Promise<void> {
  const away = path.join(path.dirname(folder), `.old-${process.pid}-${String(Date.now())}`);
  try {
    await rename(folder, away);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  await remove(away);
}

function interpreter(folder: string): string {
  return process.platform === "win32" ? path.join(folder, "Scripts", "python.exe") : path.join(folder, "bin", "python");
}

export async function remove(place: string): Promise<void> {
  await rm(place, { recursive: true, force: true, maxRetries: 3 });
}

/** Return whether a window may be creating an environment in a folder: it has no marker yet. */
export async function isBeingCreated(folder: string): Promise<boolean> {
  const is = (place: string) => stat(place).then(() => true, () => false);
  return (await is(path.join(path.dirname(folder), LOCK))) && !(await is(path.join(folder, MARK)));
}

/** Return whether the Python that an environment was created with is in one of these folders. */
export function isFrom(environment: Environment, folders: readonly string[]): boolean {
  return isWithin(environment.made.base, folders);
}

export function unwritable(home: string, error: unknown): NotStarted {
  const why = error instanceof Error ? error.message : String(error);
  return new NotStarted(
    `The extension can't write to its storage, where the server's environment belongs: ${sentence(why)}`,
    `Make ${home} writable and press Retry, or install caliban-ls yourself and put its path into the setting ${SERVER_PATH}.`,
    SERVER_PATH,
  );
}

function notMade(python: Python, said: string): NotStarted {
  const last = said.trim().split(/\r?\n/).at(-1) ?? "";
  return new NotStarted(
    `Python ${python.version} at ${python.base} can't create a working environment: ${sentence(last)}`,
    `Choose another Python in the setting ${INTERPRETER}, or press Retry.`,
    INTERPRETER,
  );
}

function notInstalled(said: string): NotStarted {
  const { message: last, offline } = pipFailure(said);
  const other = `or install caliban-ls yourself and put its path into the setting ${SERVER_PATH}.`;
  if (offline) {
    return new NotStarted(
      `The server's packages can't be fetched, since pip reaches no package index: ${sentence(last)}`,
      `Connect and press Retry, name a mirror in pip's configuration, ${other}`,
      SERVER_PATH,
    );
  }
  return new NotStarted(`The server's packages can't be installed. pip says: ${sentence(last)}`, `Press Retry, ${other}`, SERVER_PATH);
}
