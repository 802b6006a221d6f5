// The commands Show Plan and Submit: each experiment config has one page, and each command plans it again.

import * as vscode from "vscode";
import { registerCommand } from "../../commands";
import type { Extension, Feature } from "../../feature";
import { commandArguments, resolveExperiment } from "../../targets";
import { type PlanArguments, PlanPanel } from "./planPanel";

export const plans: Feature = (extension) => {
  const pages = new Map<string, PlanPanel>();
  const showing = (submit: boolean) => (argument: unknown) => show(extension, pages, argument, submit);
  return [
    registerCommand(extension, "caliban.showPlan", showing(false)),
    registerCommand(extension, "caliban.submit", showing(true)),
    new vscode.Disposable(() => { for (const page of [...pages.values()]) page.dispose(); }),
  ];
};

async function show(extension: Extension, pages: Map<string, PlanPanel>, argument: unknown, submit: boolean): Promise<void> {
  const inFront = [...pages.values()].find((page) => page.isActive);
  // Without an argument, a plan that is in front is the one to use.
  const asked = argument === undefined && inFront !== undefined ? { ...inFront.planned } : commandArguments(argument);
  const uri: vscode.Uri = await resolveExperiment(asked);
  const key = uri.toString();
  const planned: PlanArguments = { ...asked, uri: key };
  const open = pages.get(key);
  if (open?.isBusy === true) {
    if (open.isClosed) throw new Error("This file's jobs are still being submitted; the notification shows the progress.");
    open.reveal();
    return;
  }
  const plan = await extension.server.call("plan", planned, { title: "Planning the submission" });
  // During planning, the page may have been closed, or another opened.
  let page = pages.get(key);
  if (page === undefined) {
    page = new PlanPanel(extension, uri, () => { pages.delete(key); });
    pages.set(key, page);
  }
  page.show(plan, planned, { submit });
}
