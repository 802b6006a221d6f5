// Records which windows use which environments, and removes environments that no window uses.

import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import * as path from "node:path";
import { type Bundle, discard, type Environment, isBeingCreated, isEnvironment, remove } from "./environments";
import { isAlive } from "./lock";

const LEASES = "leases";
const FORGOTTEN_DAYS = 14;

/** Record that this process uses an environment, and remove unused environments of other bundles. */
export async function leaseAndCleanUp(home: string, used: Environment, { key }: Bundle, log: (line: string) => void): Promise<void> {
  const leases = path.join(home, LEASES);
  await mkdir(leases, { recursive: true });
  await writeFile(path.join(leases, lease(path.basename(used.folder))), "");
  const names = await readdir(home);
  const inUse = new Set<string>();
  for (const name of await readdir(leases)) {
    const holder = /^(.*)@(.*)@(\d+)$/.exec(name);
    if (holder?.[1] !== undefined && (await isInUse(path.join(leases, name), holder[2] ?? "", Number(holder[3])))) inUse.add(holder[1]);
    else await remove(path.join(leases, name));
  }
  for (const name of names) {
    const other = isEnvironment(name) && !name.startsWith(`${key}-`);
    if (!other || inUse.has(name) || (await isBeingCreated(path.join(home, name)))) continue;
    log(`removing the environment ${name}, which no window uses any more`);
    await discard(path.join(home, name));
  }
}

/** Remove the records of this process. */
export async function release(home: string): Promise<void> {
  const leases = path.join(home, LEASES);
  const ours = (await readdir(leases).catch(() => [])).filter((name) => name.endsWith(lease("")));
  for (const name of ours) await remove(path.join(leases, name));
}

function lease(name: string): string {
  return `${name}@${hostname()}@${process.pid}`;
}

async function isInUse(file: string, host: string, pid: number): Promise<boolean> {
  if (host === hostname()) return isAlive(pid);
  // Several machines may share the storage, and the processes of another machine can't be checked.
  const age = Date.now() - (await stat(file)).mtimeMs;
  return age < FORGOTTEN_DAYS * 24 * 3600 * 1000;
}
