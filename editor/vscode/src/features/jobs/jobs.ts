// The Jobs view and the commands on jobs; from the palette, they let the user choose the jobs.

import * as vscode from "vscode";
import { registerCommand } from "../../commands";
import type { Extension, Feature } from "../../feature";
import { pick, pickSome } from "../../quickPicks";
import { errorMessage } from "../../server/calls";
import { commandArguments } from "../../targets";
import * as actions from "./actions";
import { EndNotifications } from "./endNotifications";
import { filterOf, type JobFilter } from "./filter";
import { isRow, recordedStatus, referencesOf } from "./pick";
import { ACTIVE_STATES, RESUBMITTABLE_STATES } from "./rows";
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
  const endNotifications = new EndNotifications(extension);
  return [
    vscode.Disposable.from(tree, endNotifications),
    extension.server.onDidCall((call) => { endNotifications.follow(call); }),
    tree.onDidUpdate((groups) => {
      endNotifications.check(groups).catch((error: unknown) => { extension.log.warn(`can't find out how a group ended: ${errorMessage(error)}`); });
    }),
    ...Object.entries(ACTIONS).map(([id, action]) => registerCommand(extension, id, (argument) => action(extension, argument))),
    registerCommand(extension, "caliban.showJobs", async (argument) => {
      await vscode.commands.executeCommand("caliban.jobs.focus");
      const [reference] = referencesOf(argument);
      if (reference !== undefined) await tree.reveal(reference);
    }),
    registerCommand(extension, "caliban.jobs.refresh", () => tree.refresh({ ask: true })),
    registerCommand(extension, "caliban.jobs.showMore", async (row) => { if (isRow(row) && row.kind === "more") await tree.showMore(row); }),
    registerCommand(extension, "caliban.jobs.clearFilter", () => tree.setFilter({})),
    registerCommand(extension, "caliban.jobs.filter", async (argument) => {
      const asked = filterOf(commandArguments(argument));
      await tree.setFilter(Object.keys(asked).length > 0 ? asked : await askForFilter(extension, tree.filter));
    }),
  ];
};

/** Let the user add a criterion to the filter. */
async function askForFilter(extension: Extension, before: JobFilter): Promise<JobFilter> {
  const kinds = [
    { label: "$(circle-filled) State", description: before.state?.join(", ").toLowerCase() ?? "any", ask: askForState },
    { label: "$(search) Text", description: before.text ?? "in a job's id, arguments, error or group", ask: askForText },
    { label: "$(server) Backend", description: before.backend ?? "any", ask: () => askForBackend(extension) },
  ];
  const kind = await pick(kinds, { placeHolder: "Show jobs by…" });
  return filterOf({ ...before, ...(await kind.ask(before)) });
}

async function askForState(before: JobFilter): Promise<Record<string, unknown>> {
  const all = [...ACTIVE_STATES, "SUCCEEDED", ...RESUBMITTABLE_STATES, "UNKNOWN"];
  const items = all.map((state) => ({ label: state.toLowerCase(), picked: before.state?.includes(state) ?? false }));
  const picked = await pickSome(items, "In which states?");
  return { state: picked.map(({ label }) => label) };
}

async function askForText(before: JobFilter): Promise<Record<string, unknown>> {
  const prompt = "Jobs that have this in their id, arguments, error or group";
  const text = await vscode.window.showInputBox({ prompt, placeHolder: "--learning_rate 0.1", value: before.text ?? "" });
  if (text === undefined) throw new vscode.CancellationError();
  return { text };
}

async function askForBackend(extension: Extension): Promise<Record<string, unknown>> {
  const { backends } = await recordedStatus(extension, { limit: 1, jobs: 0 });
  const items = Object.entries(backends).map(([label, description]) => ({ label, description }));
  const picked = await pick(items, { placeHolder: "Where?" });
  return { backend: picked.label };
}
