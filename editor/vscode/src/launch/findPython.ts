// Finds a Python for the server, by running each candidate. Doesn't use VS Code's API.

import { constants, existsSync } from "node:fs";
import { access, realpath, stat } from "node:fs/promises";
import * as path from "node:path";
import { INTERPRETER, NotStarted, sentence } from "./errors";
import { type RunOptions, runProgram } from "./runProgram";

/** A Python that the server can run on. */
export interface Python {
  /** The interpreter to create environments with: that of the installation, also if a virtual environment's was found. */
  readonly base: string;
  readonly version: string;
}

/** A Python that the server can't use, and why. */
export interface UnsuitablePython {
  readonly kind: "absent" | "broken" | "old" | "bare";
  readonly program: string;
  /** Its version if it is known, otherwise its error. */
  readonly detail: string;
  /** The missing modules that are needed to create environments. */
  readonly missingModules?: readonly string[];
}

export interface PythonSearch {
  /** The interpreter from the setting; empty if there is none. */
  readonly chosen: string;
  /** Asks the Python extension for the open folder's interpreter. */
  readonly extension: () => Promise<string | undefined>;
  readonly platform: NodeJS.Platform;
  readonly run: Pick<RunOptions, "folder" | "environment" | "signal">;
  /** Folders whose programs are ignored: all windows share an environment, so it mustn't depend on an open folder. */
  readonly avoided: readonly string[];
  readonly log: (line: string) => void;
}

export const OLDEST = [3, 10] as const;
const NEWEST_MINOR = 14;

// Has to run on every Python since 2.7, to report its version.
const PROBE = `
import sys, json
try:
    from importlib.util import find_spec
except ImportError:
    find_spec = lambda name: None
lacking = [name for name in ("venv", "ensurepip") if find_spec(name) is None]
base = getattr(sys, "_base_executable", None) or sys.executable
print(json.dumps({"version": list(sys.version_info[:3]), "base": base, "lacking": lacking}))
`;

/**
 * Return the first suitable Python.
 *
 * @throws {NotStarted} there is none.
 */
export async function findPython(search: PythonSearch): Promise<Python> {
  if (search.chosen !== "") return chosenPython(search);
  const unfit: UnsuitablePython[] = [];
  const asked = new Set<string>();
  const fits = async (where: string, words: readonly string[]): Promise<Python | undefined> => {
    if (asked.has(words.join("\0"))) return undefined;
    asked.add(words.join("\0"));
    const found = await probe(words, search);
    if ("kind" in found) {
      search.log(`${where}: ${words.join(" ")} isn't suitable: ${reason(found)}`);
      unfit.push(found);
    } else if (isWithin(found.base, search.avoided)) {
      search.log(`${where}: ${words.join(" ")} is ignored: it is in an open folder`);
    } else {
      search.log(`${where}: ${words.join(" ")} is Python ${found.version}, of ${found.base}`);
      return found;
    }
    return undefined;
  };
  const active = await search.extension();
  if (active === undefined) search.log("Python extension: names no interpreter");
  else {
    const python = await fits("Python extension", [active]);
    if (python !== undefined) return python;
  }
  for (const words of await candidatesOnPath(search)) {
    if (search.run.signal?.aborted === true) break;
    const python = await fits("PATH", words);
    if (python !== undefined) return python;
  }
  throw noSuitablePython(unfit);
}

async function chosenPython(search: PythonSearch): Promise<Python> {
  const { chosen } = search;
  if (!path.isAbsolute(chosen)) {
    throw new NotStarted(`The setting ${INTERPRETER} isn't an absolute path: ${chosen}.`, "Give the full path.", INTERPRETER);
  }
  const found = await probe([chosen], search);
  if (!("kind" in found)) {
    search.log(`setting ${INTERPRETER}: ${chosen} is Python ${found.version}, of ${found.base}`);
    return found;
  }
  search.log(`setting ${INTERPRETER}: ${chosen} isn't suitable: ${reason(found)}`);
  const other = `Choose another in the setting ${INTERPRETER}, or clear it to search for one.`;
  if (found.kind === "bare") throw withoutVenv(found);
  if (found.kind === "old") {
    throw new NotStarted(`${chosen}, which ${INTERPRETER} names, is Python ${found.detail}; the server needs ${OLDEST.join(".")} or later.`, other, INTERPRETER);
  }
  if (found.kind === "absent") {
    throw new NotStarted(`There is no program ${chosen}, which ${INTERPRETER} names.`, other, INTERPRETER);
  }
  throw new NotStarted(`${chosen}, which ${INTERPRETER} names, isn't a working Python: ${sentence(found.detail)}`, other, INTERPRETER);
}

/** Run a program to find out whether it is a suitable Python. */
export async function probe(words: readonly string[], search: Pick<PythonSearch, "run">): Promise<Python | UnsuitablePython> {
  const [program = "", ...before] = words;
  if (path.isAbsolute(program) && !(await isFile(program))) return { kind: "absent", program, detail: "it isn't there" };
  const ran = await runProgram(program, [...before, "-I", "-c", PROBE], { ...search.run, seconds: 30 });
  const answer = parseProbe(ran.stdout);
  if (ran.code !== 0 || answer === undefined) {
    const last = ran.stderr.trim().split(/\r?\n/).at(-1) ?? "";
    // Pythons before 3.4 don't have the isolated mode.
    if (/unknown option:? -?-?I/i.test(ran.stderr)) return { kind: "old", program, detail: "2" };
    return { kind: "broken", program, detail: last === "" ? `it ended with exit code ${String(ran.code)}` : last };
  }
  const version = answer.version.join(".");
  const [major = 0, minor = 0] = answer.version;
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) return { kind: "old", program, detail: version };
  if (answer.lacking.length > 0) return { kind: "bare", program, detail: version, missingModules: answer.lacking };
  // An app execution alias of Windows has no real path.
  const base = await realpath(answer.base).catch(() => answer.base);
  return { base, version };
}

function parseProbe(stdout: string): { version: number[]; base: string; lacking: string[] } | undefined {
  try {
    const { version, base, lacking } = JSON.parse(stdout.trim().split(/\r?\n/).at(-1) ?? "") as Record<string, unknown>;
    if (!Array.isArray(version) || typeof base !== "string" || !Array.isArray(lacking)) return undefined;
    return { version: version.map(Number), base, lacking: lacking.map(String) };
  } catch {
    return undefined;
  }
}

/** Return the commands on PATH with a name of Python, `python3` first and then the newest version. */
async function candidatesOnPath(search: PythonSearch): Promise<string[][]> {
  const windows = search.platform === "win32";
  const minors = Array.from({ length: NEWEST_MINOR - OLDEST[1] + 1 }, (_, index) => `python3.${NEWEST_MINOR - index}`);
  const names = windows ? ["python", "python3"] : ["python3", ...minors, "python"];
  // Ignore empty and relative entries: they depend on the working folder, which can be anyone's.
  const listed = (search.run.environment.PATH ?? search.run.environment.Path ?? "").split(windows ? ";" : ":");
  const folders = listed.filter((folder) => path.isAbsolute(folder) && !isWithin(folder, search.avoided));
  const found: string[][] = [];
  if (windows) for (const folder of folders) if (await isFile(path.join(folder, "py.exe"))) found.push([path.join(folder, "py.exe"), "-3"]);
  for (const name of names) {
    for (const folder of folders) {
      const program = path.join(folder, windows ? `${name}.exe` : name);
      if (!isAppleStub(program, search.platform) && (await isExecutable(program))) found.push([program]);
    }
  }
  return found;
}

/** Return whether a program is a stub of macOS that opens a dialog to install Apple's tools. */
function isAppleStub(program: string, platform: NodeJS.Platform): boolean {
  if (platform !== "darwin" || !program.startsWith("/usr/bin/")) return false;
  return !existsSync("/Library/Developer/CommandLineTools/usr/bin/python3") && !existsSync("/Applications/Xcode.app");
}

async function isExecutable(program: string): Promise<boolean> {
  try {
    await access(program, constants.X_OK);
    return await isFile(program);
  } catch {
    return false;
  }
}

async function isFile(program: string): Promise<boolean> {
  try {
    return (await stat(program)).isFile();
  } catch {
    return false;
  }
}

/** Return whether a path is in one of these folders. */
export function isWithin(place: string, folders: readonly string[]): boolean {
  return folders.some((folder) => {
    const relative = path.relative(folder, place);
    return relative === "" || (!relative.startsWith("..") && !path.isAbsolute(relative));
  });
}

function reason(unfit: UnsuitablePython): string {
  if (unfit.kind === "old") return `it is Python ${unfit.detail}`;
  if (unfit.kind === "bare") return `it is Python ${unfit.detail} without ${unfit.missingModules?.join(" and ") ?? ""}`;
  return unfit.detail;
}

/** Return the error for the candidate that came nearest. */
export function noSuitablePython(unfit: readonly UnsuitablePython[]): NotStarted {
  const nearest = unfit.find((one) => one.kind === "bare");
  if (nearest !== undefined) return withoutVenv(nearest);
  const oldest = OLDEST.join(".");
  const old = unfit.find((one) => one.kind === "old");
  if (old !== undefined) {
    return new NotStarted(
      `The only Python found is too old: ${old.program} is ${old.detail}, and the server needs ${oldest} or later.`,
      `Install a newer one and press Retry, or choose one in the setting ${INTERPRETER}.`,
      INTERPRETER,
    );
  }
  const broken = unfit.find((one) => one.kind === "broken");
  const also = broken === undefined ? "" : ` ${broken.program} doesn't work: ${sentence(broken.detail)}`;
  return new NotStarted(
    `No Python ${oldest} or later was found, which the server needs.${also}`,
    `Install one and press Retry, or choose one in the setting ${INTERPRETER}.`,
    INTERPRETER,
  );
}

function withoutVenv(unfit: UnsuitablePython): NotStarted {
  const minor = unfit.detail.split(".").slice(0, 2).join(".");
  return new NotStarted(
    `${unfit.program} is Python ${unfit.detail}, but can't create environments: it has no module ${unfit.missingModules?.[0] ?? "venv"}.`,
    `Install it (on Debian and Ubuntu: sudo apt install python${minor}-venv) and press Retry, or choose another Python in the setting ${INTERPRETER}.`,
    INTERPRETER,
  );
}
