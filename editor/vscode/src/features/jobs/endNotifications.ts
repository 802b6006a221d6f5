// Notifies the user when a group ends that was started from this window. While the Jobs view is hidden, reads the history
// instead; neither Google nor the engine is asked for this.

import * as vscode from "vscode";
import type { Extension } from "../../feature";
import { showMessage } from "../../notifications";
import type { StatusGroup } from "../../protocol";
import { type Call, CommandError, errorMessage } from "../../server/calls";
import { recordedStatus } from "./pick";
import { endMessage } from "./rows";

/** Commands that return while their groups still run; other commands report the end themselves. */
const STARTERS = new Set(["submit", "planAndSubmit", "resume", "resubmit"]);

const POLL_MILLISECONDS = 5_000; // reading the history is cheap

export class EndNotifications implements vscode.Disposable {
  private readonly awaited = new Set<string>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly extension: Extension) {}

  /** Remember the groups that a call starts. */
  follow({ name, argument, answer }: Call): void {
    const given = (argument ?? {}) as { dry_run?: unknown; detach?: unknown };
    const starts = STARTERS.has(name) ? given.dry_run !== true : name === "run" && given.detach === true;
    if (!starts) return;
    const started = (result: unknown): void => {
      const { group, jobs } = result as { group: string; jobs: readonly unknown[] };
      if (jobs.length === 0) return;
      this.awaited.add(group);
      this.checkSoon();
    };
    answer.then(started, () => undefined);
  }

  /** Notify of groups that have ended, given the groups that the view shows. */
  async check(shown: readonly StatusGroup[]): Promise<void> {
    const missing = [...this.awaited].filter((name) => !shown.some((group) => group.name === name));
    const others = await Promise.all(missing.map((name) => this.find(name)));
    for (const group of [...shown, ...others.flat()]) {
      if (group.going === 0 && group.unsent === 0 && this.awaited.delete(group.name)) this.notify(group);
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.awaited.clear();
  }

  /** Check the history again later, as long as a group is awaited. */
  private checkSoon(): void {
    clearTimeout(this.timer);
    if (this.awaited.size === 0) return;
    this.timer = setTimeout(() => {
      const failed = (error: unknown) => { this.extension.log.warn(`can't find out how a group ended: ${errorMessage(error)}`); };
      const looked = this.extension.server.state.kind === "running" ? this.check([]) : Promise.resolve();
      void looked.catch(failed).finally(() => { this.checkSoon(); });
    }, POLL_MILLISECONDS);
  }

  /** Return a group that the view doesn't list; forget one that the history no longer has. */
  private async find(name: string): Promise<readonly StatusGroup[]> {
    try {
      return (await recordedStatus(this.extension, { reference: name, jobs: 0 })).groups;
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      this.awaited.delete(name);
      return [];
    }
  }

  private notify(group: StatusGroup): void {
    const { text, failed } = endMessage(group);
    const logs = () => vscode.commands.executeCommand("caliban.openLogs", { group: group.name });
    const show = () => vscode.commands.executeCommand("caliban.showJobs", { reference: group.name });
    void showMessage(this.extension, `Caliban: ${text}.`, { "Open Logs": logs, "Show Jobs": show }, failed);
  }
}
