// A lock file that a window holds while it creates an environment. A dead window's lock is taken over.

import { readFile, rename, stat, unlink, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { StartCancelled } from "./errors";

/** How to cancel and to report waiting. */
export interface LockOptions {
  readonly run: { readonly signal?: AbortSignal };
  readonly report: (message: string) => void;
  readonly log: (line: string) => void;
}

const HEARTBEAT_SECONDS = 5;
const SILENT_SECONDS = 60;
const LOOK_MILLISECONDS = 500;

/**
 * Wait for the lock, and work while holding it.
 *
 * @throws {StartCancelled} it was cancelled while waiting.
 */
export async function withLock<T>(lock: string, { run: { signal }, report, log }: LockOptions, work: () => Promise<T>): Promise<T> {
  let reported = false;
  while (!(await tryLock(lock))) {
    if (signal?.aborted === true) throw new StartCancelled();
    if (!reported) log("another window is creating an environment; waiting for it");
    if (!reported) report("waiting for another window to create it");
    reported = true;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS));
  }
  const beating = setInterval(() => {
    const now = new Date();
    void utimes(lock, now, now).catch(() => undefined);
  }, HEARTBEAT_SECONDS * 1000);
  try {
    return await work();
  } finally {
    clearInterval(beating);
    await unlink(lock).catch(() => undefined);
  }
}

async function tryLock(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, JSON.stringify({ host: hostname(), pid: process.pid }), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  if (await isAbandoned(lock)) {
    // If several windows try this, only one can rename the file.
    const aside = `${lock}-${process.pid}`;
    await rename(lock, aside).then(() => unlink(aside), () => undefined);
  }
  return false;
}

async function isAbandoned(lock: string): Promise<boolean> {
  try {
    const silent = Date.now() - (await stat(lock)).mtimeMs > SILENT_SECONDS * 1000;
    if (silent) return true;
    const { host, pid } = JSON.parse(await readFile(lock, "utf8")) as { host: string; pid: number };
    return host === hostname() && !isAlive(pid);
  } catch {
    return false;
  }
}

/** Return whether a process of this machine is running. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
