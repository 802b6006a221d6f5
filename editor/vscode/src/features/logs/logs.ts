// Logs of jobs, in editors.

import * as vscode from "vscode";
import { command } from "../../commands";
import type { Feature } from "../../feature";
import { oneJob } from "../jobs/pick";
import { LogDocuments } from "./documents";

export const logs: Feature = (extension) => {
  const documents = new LogDocuments(extension);
  const open = async (argument: unknown): Promise<void> => {
    await documents.open(await oneJob(extension, argument, "Open the log of which job?"));
  };
  return [
    vscode.Disposable.from(documents),
    command(extension, "caliban.openLogs", open),
    command(extension, "caliban.jobs.openLogs", open),
  ];
};
