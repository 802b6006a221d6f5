// The Jobs view and the commands of its rows; those of the palette ask which jobs are meant.

import * as vscode from "vscode";
import { command } from "../../commands";
import type { Extension, Feature } from "../../feature";
import { pick, pickSome } from "../../picks";
import { said } from "../../server/calls";
import { given } from "../../targets";
import * as actions from "./actions";
import { Endings } from "./endings";
import { type Filter, filterOf } from "./filter";
import { isRow, known, named } from "./pick";
import { AGAIN, LIVE } from "./rows";
import { JobsTree } from "./tree";

type Action = (extension: Extension, argument: unknown) => Promise<unknown>;

const ACTIONS: Readonly<Record<string, Action>> = {
  "caliban.stop": actions.stop,
  "caliban.resubmitFailed": actions.resubmit,
  "caliban.resume": actions.resume,
  "caliban.exportHistory": actions.exportHistory,
  "caliban.jobs.stop": actions.stop,
  "caliban.jobs.resubmit": actions.resubmit,
  "caliban.jobs.resume": actions.resume,
  "caliban.jobs.runLocally": actions.runLocally,
  "caliban.jobs.copyCommand": actions.copyCommand,
  "caliban.jobs.copyName": actions.copyName,
  "caliban.jobs.openConsole": actions.openConsole,
};

export const jobs: Feature = (extension) => {
  const tree = new JobsTree(extension);
  const endings = new Endings(extension);
  return [
    vscode.Disposable.from(tree, endings),
    extension.server.onDidCall((call) => { endings.follow(call); }),
    tree.onDidLook((groups) => {
      endings.look(groups).catch((error: unknown) => { extension.log.warn(`how a group ended can't be told: ${said(error)}`); });
    }),
    ...Object.entries(ACTIONS).map(([id, action]) => command(extension, id, (argument) => action(extension, argument))),
    command(extension, "caliban.showJobs", async (argument) => {
      await vscode.commands.executeCommand("caliban.jobs.focus");
      const [reference] = named(argument);
      if (reference !== undefined) await tree.reveal(reference);
    }),
    command(extension, "caliban.jobs.refresh", () => tree.refresh({ ask: true })),
    command(extension, "caliban.jobs.showMore", async (row) => { if (isRow(row) && row.kind === "more") await tree.showMore(row); }),
    command(extension, "caliban.jobs.clearFilter", () => tree.setFilter({})),
    command(extension, "caliban.jobs.filter", async (argument) => {
      const asked = filterOf(given(argument));
      await tree.setFilter(Object.keys(asked).length > 0 ? asked : await chosen(extension, tree.filter));
    }),
  ];
};

/** Let the user choose what is shown: a choice is added to those before. */
async function chosen(extension: Extension, before: Filter): Promise<Filter> {
  const kinds = [
    { label: "$(circle-filled) State", description: before.state?.join(", ").toLowerCase() ?? "any", ask: byState },
    { label: "$(search) Text", description: before.text ?? "in a job's id, arguments, error or group", ask: byText },
    { label: "$(server) Backend", description: before.backend ?? "any", ask: () => byBackend(extension) },
  ];
  const kind = await pick(kinds, { what: "Show jobs by…" });
  return filterOf({ ...before, ...(await kind.ask(before)) });
}

async function byState(before: Filter): Promise<Record<string, unknown>> {
  const all = [...LIVE, "SUCCEEDED", ...AGAIN, "UNKNOWN"];
  const items = all.map((state) => ({ label: state.toLowerCase(), picked: before.state?.includes(state) ?? false }));
  const picked = await pickSome(items, "In which states?");
  return { state: picked.map(({ label }) => label) };
}

async function byText(before: Filter): Promise<Record<string, unknown>> {
  const prompt = "Jobs that have this in their id, arguments, error or group";
  const text = await vscode.window.showInputBox({ prompt, placeHolder: "--learning_rate 0.1", value: before.text ?? "" });
  if (text === undefined) throw new vscode.CancellationError();
  return { text };
}

async function byBackend(extension: Extension): Promise<Record<string, unknown>> {
  const { backends } = await known(extension, { limit: 1, jobs: 0 });
  const items = Object.entries(backends).map(([label, description]) => ({ label, description }));
  const picked = await pick(items, { what: "Where?" });
  return { backend: picked.label };
}
