// Runs a program to its end, and kills it with its child processes on a signal or after a time limit.

import { type ChildProcess, spawn } from "node:child_process";

export interface ProgramResult {
  /** The exit code; undefined if it was killed. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  readonly seconds: number;
  /** Called with each line of stdout. */
  readonly onLine?: (line: string) => void;
}

/** Run a program. If it can't be run, is cancelled or takes too long, there is no exit code, and stderr says why. */
export function runProgram(program: string, words: readonly string[], options: RunOptions): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const texts = { stdout: "", stderr: "" };
    let line = "";
    let stopped: string | undefined;
    const child = spawn(program, words, {
      cwd: options.folder,
      env: options.environment,
      stdio: ["ignore", "pipe", "pipe"],
      detached: process.platform !== "win32",
      windowsHide: true,
    });
    const stop = (why: string) => {
      stopped ??= why;
      killTree(child);
    };
    const cancel = () => { stop("It was cancelled."); };
    const timer = setTimeout(() => { stop(`It took more than ${options.seconds} seconds.`); }, options.seconds * 1000);
    const end = (code: number | undefined, why = "") => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", cancel);
      resolve({ code, stdout: texts.stdout, stderr: why === "" ? texts.stderr : `${texts.stderr}\n${why}` });
    };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      texts.stdout += text;
      const lines = (line + text).split(/\r?\n/);
      line = lines.pop() ?? "";
      for (const whole of lines) options.onLine?.(whole);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => { texts.stderr += text; });
    child.on("error", (error) => { end(undefined, error.message); });
    child.on("close", (code) => {
      if (stopped !== undefined) end(undefined, stopped);
      else end(code ?? undefined, code === null ? "It was killed." : "");
    });
    options.signal?.addEventListener("abort", cancel);
    if (options.signal?.aborted === true) cancel();
  });
}

/** Return an environment without the variables that make Python load other code or pip install elsewhere. */
export function withoutPythonVariables(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign = /^(?:PYTHON.*|__PYVENV_LAUNCHER__|VIRTUAL_ENV|PIP_(?:TARGET|PREFIX|ROOT|USER|REQUIREMENT|EDITABLE|PYTHON|DRY_RUN))$/i;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !foreign.test(name)));
}

/** Kill a program and its process group. */
function killTree(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32") spawn("taskkill", ["/pid", String(child.pid), "/t", "/f"], { stdio: "ignore" });
    else process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}
