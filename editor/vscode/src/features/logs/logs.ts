// Logs of jobs, in editors.

import * as vscode from "vscode";
import { registerCommand } from "../../commands";
import type { Feature } from "../../feature";
import { pickJob } from "../jobs/pick";
import { LogDocuments } from "./documents";

export const logs: Feature = (extension) => {
  const documents = new LogDocuments(extension);
  const open = async (argument: unknown): Promise<void> => {
    await documents.open(await pickJob(extension, argument, "Open the log of which job?"));
  };
  return [
    vscode.Disposable.from(documents),
    registerCommand(extension, "caliban.openLogs", open),
    registerCommand(extension, "caliban.jobs.openLogs", open),
  ];
};
