// Logs in editors: read-only documents that grow with the output. Closing the last editor of a log stops following it.

import * as vscode from "vscode";
import type { Extension } from "../../feature";
import { errorMessage } from "../../server/calls";
import { findTarget } from "../jobs/pick";
import type { JobWithGroup } from "../jobs/search";
import { LogFollower } from "./follower";
import { jobReference, logPath } from "./paths";

export const SCHEME = "caliban-log";

const ICONS = { following: "$(sync)", ended: "$(check)", broken: "$(warning)" };

export class LogDocuments implements vscode.TextDocumentContentProvider {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;
  private readonly followers = new Map<string, LogFollower>();
  private readonly atEnd = new Set<string>();
  /** Logs that have had a tab, unlike one that is about to be shown. */
  private readonly shown = new Set<string>();
  private readonly bar = vscode.window.createStatusBarItem("caliban.log", vscode.StatusBarAlignment.Left);
  private readonly parts: { dispose(): unknown }[];

  constructor(private readonly extension: Extension) {
    this.bar.name = "Caliban Log";
    this.parts = [
      this.changed,
      this.bar,
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.window.tabGroups.onDidChangeTabs(() => { this.forgetClosed(); }),
      vscode.window.onDidChangeActiveTextEditor(() => { this.showState(); }),
      vscode.workspace.onDidChangeTextDocument(({ document }) => { this.scroll(document); }),
    ];
  }

  /** Open a job's log at its end, and follow it while it is open. */
  async open(target: JobWithGroup): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: logPath(target) });
    const before = this.followers.get(uri.toString());
    if (before?.state === "broken") this.forget(uri.toString());
    this.begin(uri, target);
    this.atEnd.add(uri.toString());
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, { preview: false });
    this.shown.add(uri.toString());
    this.changed.fire(uri);
    this.scroll(document);
    this.showState();
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const follower = this.followers.get(uri.toString());
    if (follower !== undefined) return follower.text;
    // VS Code has restored an editor of an earlier session.
    if (!vscode.workspace.isTrusted) return "This folder isn't trusted, so logs aren't read.\n";
    const reference = jobReference(uri.path);
    try {
      const { group, job } = await findTarget(this.extension, reference);
      this.shown.add(uri.toString());
      return job === undefined ? `There is no job ${reference}.\n` : this.begin(uri, { reference, group, job }).text;
    } catch (error) {
      return `caliban: ${errorMessage(error)}\n`;
    }
  }

  dispose(): void {
    for (const name of [...this.followers.keys()]) this.forget(name);
    for (const part of this.parts) part.dispose();
  }

  private begin(uri: vscode.Uri, { group, job }: JobWithGroup): LogFollower {
    const known = this.followers.get(uri.toString());
    if (known !== undefined) return known;
    const follower = new LogFollower(this.extension, group, job);
    this.followers.set(uri.toString(), follower);
    follower.onDidChange(() => {
      this.noteEnds(uri);
      this.changed.fire(uri);
      this.showState();
    });
    void follower.follow();
    return follower;
  }

  /** Remember whether the end of a log is visible, so that it stays visible. */
  private noteEnds(uri: vscode.Uri): void {
    const editors = vscode.window.visibleTextEditors.filter(({ document }) => document.uri.toString() === uri.toString());
    if (editors.length === 0) return;
    const seen = editors.some(({ document, visibleRanges }) => (visibleRanges.at(-1)?.end.line ?? 0) >= document.lineCount - 2);
    if (seen) this.atEnd.add(uri.toString());
    else this.atEnd.delete(uri.toString());
  }

  private scroll(document: vscode.TextDocument): void {
    if (document.uri.scheme !== SCHEME || !this.atEnd.has(document.uri.toString())) return;
    const end = document.lineAt(document.lineCount - 1).range;
    for (const editor of vscode.window.visibleTextEditors) {
      if (editor.document === document) editor.revealRange(end);
    }
  }

  private showState(): void {
    const follower = this.followers.get(vscode.window.activeTextEditor?.document.uri.toString() ?? "");
    if (follower === undefined) {
      this.bar.hide();
      return;
    }
    const words = { following: "Following", ended: "End of", broken: "Lost" }[follower.state];
    this.bar.text = `${ICONS[follower.state]} ${words} job ${follower.job.index}`;
    this.bar.tooltip = follower.job.job_id;
    this.bar.show();
  }

  private forgetClosed(): void {
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs.map(({ input }) => input));
    const open = new Set(tabs.map((input) => (input instanceof vscode.TabInputText ? input.uri.toString() : "")));
    for (const name of [...this.followers.keys()]) {
      if (!open.has(name) && this.shown.has(name)) this.forget(name);
    }
  }

  private forget(name: string): void {
    this.followers.get(name)?.dispose();
    this.followers.delete(name);
    this.atEnd.delete(name);
    this.shown.delete(name);
  }
}
