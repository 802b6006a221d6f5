// Show Plan and Submit to AI Platform: each experiment config has one page, which is planned anew whenever it is asked for.

import * as vscode from "vscode";
import { command } from "../../commands";
import type { Extension, Feature } from "../../feature";
import { experiment, given } from "../../targets";
import { type Arguments, PlanPage } from "./planPage";

export const plans: Feature = (extension) => {
  const pages = new Map<string, PlanPage>();
  const showing = (submit: boolean) => (argument: unknown) => show(extension, pages, argument, submit);
  return [
    command(extension, "caliban.showPlan", showing(false)),
    command(extension, "caliban.submit", showing(true)),
    new vscode.Disposable(() => { for (const page of [...pages.values()]) page.dispose(); }),
  ];
};

async function show(extension: Extension, pages: Map<string, PlanPage>, argument: unknown, submit: boolean): Promise<void> {
  const inFront = [...pages.values()].find((page) => page.isActive);
  // Whoever looks at a plan and names no other file means that one.
  const asked = argument === undefined && inFront !== undefined ? { ...inFront.planned } : given(argument);
  const uri: vscode.Uri = await experiment(asked);
  const key = uri.toString();
  const planned: Arguments = { ...asked, uri: key };
  const open = pages.get(key);
  if (open?.isBusy === true) {
    if (open.isClosed) throw new Error("This file's jobs are still being submitted; the notification shows how far it is.");
    open.reveal();
    return;
  }
  const plan = await extension.server.call("plan", planned, { title: "Planning the submission" });
  // While it was planned, the page may have been closed, or another been opened.
  let page = pages.get(key);
  if (page === undefined) {
    page = new PlanPage(extension, uri, () => { pages.delete(key); });
    pages.set(key, page);
  }
  page.show(plan, planned, { submit });
}
