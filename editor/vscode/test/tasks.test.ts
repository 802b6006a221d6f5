import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { commandLine, taskName } from "../src/features/tasks/definition";

it.each([
  [{ command: "check" }, ["check"], "check"],
  [
    { command: "run", module: "train.py", experiment_config: "experiment.json", flags: ["--jobs=2"], args: ["--lr", "1"] },
    ["run", "--experiment_config", "experiment.json", "--jobs=2", "train.py", "--", "--lr", "1"],
    "run experiment.json --jobs=2 train.py -- --lr 1",
  ],
])("turns the task %j into a command line", (definition, argv, title) => {
  expect(commandLine({ type: "caliban", ...definition })).toEqual(argv);
  expect(taskName({ type: "caliban", ...definition })).toBe(title);
});

interface Manifest {
  readonly contributes: { readonly problemMatchers: readonly [{ readonly pattern: { readonly regexp: string } }] };
}

it("finds file, place, severity, code and message in a line of `caliban check`", () => {
  const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;
  const pattern = new RegExp(manifest.contributes.problemMatchers[0].pattern.regexp);
  const line = "sub: folder/experiment.json:3:12: error[CAL202] An empty list stands for no job: give it a value";
  expect(pattern.exec(line)?.slice(1)).toEqual(["sub: folder/experiment.json", "3", "12", "error", "CAL202", "An empty list stands for no job: give it a value"]);
  expect(pattern.exec("    ^^^")).toBeNull();
});
