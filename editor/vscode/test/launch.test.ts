// Runs real programs that answer like Pythons.

import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Bundle, ensureEnvironment, findEnvironments } from "../src/launch/environments";
import { StartCancelled } from "../src/launch/errors";
import { findPython, isWithin } from "../src/launch/findPython";
import { leaseAndCleanUp, release } from "../src/launch/leases";
import { withoutPythonVariables } from "../src/launch/runProgram";
import { ServerProcess } from "../src/launch/serverProcess";

let folder: string;
let logged: string[];
const log = (line: string) => { logged.push(line); };

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "caliban-launch-"));
  logged = [];
});

afterEach(() => rm(folder, { recursive: true }));

async function program(place: string, script: string): Promise<string> {
  const file = path.join(folder, place);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  return file;
}

const python = (version: number[], base: string, lacking: string[] = []) => `echo '${JSON.stringify({ version, base, lacking })}'`;

function search(more: Partial<Parameters<typeof findPython>[0]> = {}) {
  const run = { folder, environment: { PATH: `${folder}/one:${folder}/two:/usr/bin:/bin` } };
  return findPython({ chosen: "", extension: () => Promise.resolve(undefined), platform: "linux", run, avoided: ["/usr", "/bin"], log, ...more });
}

test("the setting comes before the Python extension, and that before PATH", async () => {
  const named = await program("named", python([3, 12, 1], "/named"));
  const active = await program("active", python([3, 13, 0], "/active"));
  await program("one/python3", python([3, 11, 2], "/path"));
  expect(await search({ chosen: named, extension: () => Promise.resolve(active) })).toEqual({ base: "/named", version: "3.12.1" });
  expect(await search({ extension: () => Promise.resolve(active) })).toEqual({ base: "/active", version: "3.13.0" });
  expect(await search()).toEqual({ base: "/path", version: "3.11.2" });
});

test("the first suitable Python on PATH is used, and each unsuitable one is logged with the reason", async () => {
  await program("one/python3", python([3, 8, 18], "/old"));
  await program("one/python3.12", "echo 'Illegal instruction' >&2; exit 132");
  await program("two/python3.11", python([3, 11, 2], "/bare", ["ensurepip"]));
  await program("two/python3.10", python([3, 10, 13], "/good"));
  expect(await search()).toEqual({ base: "/good", version: "3.10.13" });
  expect(logged.map((line) => line.replace(folder, ""))).toEqual([
    "Python extension: names no interpreter",
    "PATH: /one/python3 isn't suitable: it is Python 3.8.18",
    "PATH: /one/python3.12 isn't suitable: Illegal instruction",
    "PATH: /two/python3.11 isn't suitable: it is Python 3.11.2 without ensurepip",
    "PATH: /two/python3.10 is Python 3.10.13, of /good",
  ]);
});

test("Pythons in an open folder are ignored, and so are relative entries of PATH", async () => {
  const canary = `touch ${folder}/ran;`;
  const inside = await program("one/python3", `${canary} ${python([3, 12, 0], "/inside")}`);
  await program("two/python3", python([3, 11, 0], "/outside"));
  expect(await search({ avoided: [`${folder}/one`, "/usr", "/bin"] })).toEqual({ base: "/outside", version: "3.11.0" });
  expect(await readdir(folder)).not.toContain("ran");
  const run = { folder: path.dirname(inside), environment: { PATH: `.::${folder}/two` } };
  expect(await search({ run, avoided: [] })).toEqual({ base: "/outside", version: "3.11.0" });
});

test("a Python without isolated mode counts as old", async () => {
  await program("one/python", "echo 'Unknown option: -I' >&2; exit 2");
  await expect(search()).rejects.toThrow(/too old: .*one\/python is 2/);
});

test.each([
  ["/w", "/w/env/bin/python", true],
  ["/w", "/w", true],
  ["/w", "/wider/python", false],
  ["/w/..x", "/w/python", false],
])("within %s lies %s: %s", (outer, inner, expected) => {
  expect(isWithin(inner, [outer])).toBe(expected);
});

test("variables that load other code or move pip's packages are removed", () => {
  const given = { PYTHONPATH: "x", PYTHONHOME: "x", pythonstartup: "x", VIRTUAL_ENV: "x", PIP_TARGET: "x", PIP_INDEX_URL: "mirror", HOME: "/h" };
  expect(withoutPythonVariables(given)).toEqual({ PIP_INDEX_URL: "mirror", HOME: "/h" });
});

// A stand-in for Python: creates an environment, installs, and reports its version.
const MAKER = `
[ "$3" = venv ] || exit 9
mkdir -p "$4/bin"
cat > "$4/bin/python" <<'END'
#!/bin/sh
echo "$@" >> "$(dirname "$0")/calls"
case "$3" in
pip) echo "Collecting pygls<3"; eval "$PIP_DOES" ;;
caliban_ls.core.packages) eval "$CHECK_DOES" ;;
esac
END
chmod +x "$4/bin/python"`;

const ours: Bundle = { wheel: "/w.whl", constraints: "/c.txt", key: "0.1.0-0123456789abcdef" };

async function make(does: string, signal?: AbortSignal, progress: string[] = [], check = "true") {
  const base = await program("maker", MAKER);
  const run = { folder, environment: { PATH: "/usr/bin:/bin", PIP_DOES: does, CHECK_DOES: check }, ...(signal === undefined ? {} : { signal }) };
  const interpreter = { base, version: "3.12.1", asked: "" };
  return ensureEnvironment(path.join(folder, "environments"), ours, interpreter, { run, log, report: (message) => { progress.push(message); } });
}

test("an environment is created once, and then found", async () => {
  const progress: string[] = [];
  const environment = await make("true", undefined, progress);
  expect(progress).toEqual(["with Python 3.12.1", "installing its packages", "pygls"]);
  expect(await findEnvironments(path.join(folder, "environments"), ours)).toEqual([environment]);
  expect(await findEnvironments(path.join(folder, "environments"), { ...ours, key: "0.1.0-fedcba9876543210" })).toEqual([]);
  expect(await make("exit 1")).toEqual(environment);
  expect(await readdir(path.join(folder, "environments"))).toEqual([path.basename(environment.folder)]);
});

test("windows that need the same environment at once create it once", async () => {
  const environments = await Promise.all([make("sleep 0.2"), make("sleep 0.2"), make("sleep 0.2")]);
  expect(new Set(environments.map((one) => one.folder)).size).toBe(1);
  const calls = await readFile(path.join(environments[0].folder, "bin/calls"), "utf8");
  expect(calls.match(/-m pip/g)).toHaveLength(1);
});

test("a failed or cancelled environment leaves nothing", async () => {
  await expect(make("echo 'ERROR: No matching distribution found for docker' >&2; exit 1")).rejects.toThrow(
    "The server's packages can't be installed. pip says: No matching distribution found for docker.",
  );
  const cancel = new AbortController();
  const making = make("sleep 600", cancel.signal, new Proxy([], { set: (target, key, value) => {
    if (value === "pygls") cancel.abort();
    return Reflect.set(target, key, value);
  } }));
  await expect(making).rejects.toThrow(StartCancelled);
  expect(await readdir(path.join(folder, "environments"))).toEqual([]);
});

test("an environment that lacks a package is refused, with the package's name", async () => {
  const check = "echo 'cloud can not import google: No module named packaging' >&2; exit 3";
  await expect(make("true", undefined, [], check)).rejects.toThrow(
    "can't create a working environment: cloud can not import google: No module named packaging.",
  );
  expect(await readdir(path.join(folder, "environments"))).toEqual([]);
});

test("the scripts of an environment name an interpreter that stays where it is", async () => {
  const environment = await make('printf "#!%s\\nexit 7\\n" "$(cd "$(dirname "$0")" && pwd)/sh" > "$(dirname "$0")/caliban"; ln -s /bin/sh "$(dirname "$0")/sh"');
  const [shebang] = (await readFile(path.join(environment.folder, "bin/caliban"), "utf8")).split("\n");
  expect(shebang).toBe(`#!${environment.folder}/bin/sh`);
});

test("an incomplete environment is ignored, and removed by the next window", async () => {
  const home = path.join(folder, "environments");
  const part = path.join(home, `${ours.key}-0123456789ab-1a2b`);
  await mkdir(path.join(part, "bin"), { recursive: true });
  await writeFile(path.join(part, "bin/python"), "");
  expect(await findEnvironments(home, ours)).toEqual([]);
  const environment = await make("true");
  expect(await readdir(home)).toEqual([path.basename(environment.folder)]);
});

test("an environment of another version stays while a window creates it", async () => {
  const environment = await make("true");
  const home = path.join(folder, "environments");
  const growing = `0.0.9-${"a".repeat(16)}-${"b".repeat(12)}-1a`;
  await mkdir(path.join(home, growing));
  await writeFile(path.join(home, "making.lock"), JSON.stringify({ host: hostname(), pid: process.pid }));
  await leaseAndCleanUp(home, environment, ours, log);
  expect(await readdir(home)).toContain(growing);
  await rm(path.join(home, "making.lock"));
  await leaseAndCleanUp(home, environment, ours, log);
  expect(await readdir(home)).not.toContain(growing);
});

test.each([
  ["a process that has died", JSON.stringify({ host: hostname(), pid: 2 ** 22 + 1 }), 0],
  ["one that says nothing any more", JSON.stringify({ host: "another", pid: 1 }), 3600],
])("the lock of %s is taken over", async (_, content, age) => {
  const lock = path.join(folder, "environments", "making.lock");
  await mkdir(path.dirname(lock));
  await writeFile(lock, content);
  const then = new Date(Date.now() - age * 1000);
  await utimes(lock, then, then);
  expect((await make("true")).folder).toContain(ours.key);
});

test("environments of other versions are removed when no running process uses them", async () => {
  const environment = await make("true");
  const home = path.join(folder, "environments");
  const [unused, used] = ["a", "b"].map((digit) => `0.0.9-${digit.repeat(16)}-${digit.repeat(12)}-${digit}`) as [string, string];
  for (const name of [unused, used, "leases"]) await mkdir(path.join(home, name), { recursive: true });
  await writeFile(path.join(home, "leases", `${used}@${hostname()}@${process.ppid}`), "");
  await writeFile(path.join(home, "leases", `${unused}@${hostname()}@${2 ** 22 + 1}`), "");
  await leaseAndCleanUp(home, environment, ours, log);
  expect((await readdir(home)).sort()).toEqual([used, path.basename(environment.folder), "leases"].sort());
  await release(home);
  expect(await readdir(path.join(home, "leases"))).toEqual([`${used}@${hostname()}@${process.ppid}`]);
});

test("a server that doesn't end when asked is killed, and its last output is kept", async () => {
  const command = await program("deaf", "trap '' TERM; echo 'nearly there' >&2; echo ready; while true; do sleep 0.1; done");
  const server = await ServerProcess.start({ command, args: [], folder, environment: { PATH: "/usr/bin:/bin" } });
  await new Promise((resolve) => server.child.stdout.once("data", resolve));
  await server.end(100);
  expect(server.lastOutput()).toBe("nearly there (signal SIGKILL)");
});

test("a missing program is named, with the setting to change", async () => {
  const starting = ServerProcess.start({ command: "/nowhere/caliban", args: [], folder, environment: {} });
  await expect(starting).rejects.toMatchObject({ message: expect.stringContaining("/nowhere/caliban can't be run") as string, setting: "caliban.server.path" });
});
