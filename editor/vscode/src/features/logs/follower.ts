// Follows the output of one job until the job has ended or the log is closed.

import * as vscode from "vscode";
import type { Extension } from "../../feature";
import type { StatusGroup, StatusJob } from "../../protocol";
import { CommandError, errorMessage } from "../../server/calls";
import { LogText } from "./text";

const DEBOUNCE_MILLISECONDS = 100;
const PER_MILLISECOND = 2_000; // characters: a longer text is redrawn less often

/** The state of a log. */
export type FollowState = "following" | "ended" | "broken";

export class LogFollower implements vscode.Disposable {
  state: FollowState = "following";
  private readonly log = new LogText();
  private readonly cancel = new vscode.CancellationTokenSource();
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChange = this.changed.event;
  private timer: NodeJS.Timeout | undefined;
  private before = 0; // bytes that were skipped
  private read = 0; // bytes

  constructor(
    private readonly extension: Extension,
    readonly group: StatusGroup,
    readonly job: StatusJob,
  ) {}

  get text(): string {
    const left = this.before + this.log.dropped;
    const note = `… ${left.toLocaleString("en-US")} bytes before this aren't shown; “caliban logs ${this.job.job_id}” prints all.\n`;
    return (left > 0 ? note : "") + this.log.text;
  }

  /** Follow the log to its end. After a restart of the server, go on where the log stopped. */
  async follow(): Promise<void> {
    try {
      await this.begin();
      await this.goOn();
      this.state = "ended";
    } catch (error) {
      if (this.cancel.token.isCancellationRequested) return;
      this.state = "broken";
      const hint = error instanceof CommandError ? ` ${error.hint}` : "";
      this.take(`${this.log.text === "" || this.log.text.endsWith("\n") ? "" : "\n"}caliban: ${errorMessage(error)}.${hint}\n`, 0);
    }
    this.changed.fire(undefined);
  }

  dispose(): void {
    this.cancel.cancel();
    clearTimeout(this.timer);
    this.changed.dispose();
  }

  /** Begin near the end of a local job's log, instead of reading all of it. */
  private async begin(): Promise<void> {
    if (this.group.backend !== "local") return;
    try {
      const { text, offset } = await this.extension.server.call("logs", { job: this.job.job_id }, { token: this.cancel.token });
      const bytes = Buffer.byteLength(text);
      this.before = Math.max(0, offset - bytes);
      // The first line may be incomplete.
      const from = this.before > 0 ? text.indexOf("\n") + 1 : 0;
      this.before += Buffer.byteLength(text.slice(0, from));
      this.take(text.slice(from), 0);
      this.read = offset;
    } catch (error) {
      // There is no output yet; following waits for it.
      if (!(error instanceof CommandError)) throw error;
    }
  }

  private async goOn(): Promise<void> {
    for (;;) {
      try {
        await this.extension.server.call(
          "logs",
          { job: this.job.job_id, follow: true, offset: this.read },
          {
            token: this.cancel.token,
            listener: { log: ({ text }) => { this.take(text, Buffer.byteLength(text)); }, job: () => undefined },
          },
        );
        return;
      } catch (error) {
        if (error instanceof CommandError || this.cancel.token.isCancellationRequested) throw error;
        await this.restarted(error);
      }
    }
  }

  /** Wait until the server runs again. */
  private async restarted(why: unknown): Promise<void> {
    const { server } = this.extension;
    if (server.state.kind === "failed") throw why;
    await new Promise<void>((resolve, reject) => {
      const done = (settle: () => void): void => {
        listener.dispose();
        cancelled.dispose();
        settle();
      };
      const listener = server.onDidChangeState(({ kind }) => {
        if (kind === "running") done(resolve);
        if (kind === "failed") done(() => { reject(why instanceof Error ? why : new Error(errorMessage(why))); });
      });
      const cancelled = this.cancel.token.onCancellationRequested(() => { done(() => { reject(new vscode.CancellationError()); }); });
    });
  }

  private take(text: string, bytes: number): void {
    this.log.add(text);
    this.read += bytes;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.changed.fire(undefined);
    }, DEBOUNCE_MILLISECONDS + this.log.text.length / PER_MILLISECOND);
  }
}
