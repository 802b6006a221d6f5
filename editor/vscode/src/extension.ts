// The extension's entry point: creates the server and registers the features. The server makes all decisions.

import * as vscode from "vscode";
import { runCodeLensCommand } from "./codeLensCommands";
import type { Extension, Feature } from "./feature";
import { containers } from "./features/containers/containers";
import { diagnosis } from "./features/diagnosis/diagnosis";
import { hardware } from "./features/hardware/hardware";
import { jobs } from "./features/jobs/jobs";
import { languages } from "./features/languages";
import { logs } from "./features/logs/logs";
import { notebooks } from "./features/notebooks/notebooks";
import { plans } from "./features/plans/plans";
import { runs } from "./features/runs/runs";
import { serverState } from "./features/serverState/serverState";
import { status } from "./features/status";
import { tasks } from "./features/tasks/tasks";
import { terminals } from "./features/terminals";
import { welcome } from "./features/welcome/welcome";
import { environmentsOf, launch } from "./launch/launch";
import { release } from "./launch/leases";
import { Server } from "./server/server";

const FEATURES: readonly Feature[] = [
  serverState,
  languages,
  runs,
  plans,
  jobs,
  logs,
  containers,
  terminals,
  notebooks,
  tasks,
  hardware,
  status,
  diagnosis,
  welcome,
];

let server: Server | undefined;
let environments: string | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Caliban", { log: true });
  server = new Server((signal) => launch(context, log, signal), log);
  environments = environmentsOf(context);
  const extension: Extension = { context, server, log };
  server.intercept(runCodeLensCommand);
  context.subscriptions.push(log, server);
  for (const feature of FEATURES) context.subscriptions.push(...feature(extension));
  void server.restart();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
  if (environments !== undefined) await release(environments);
}
