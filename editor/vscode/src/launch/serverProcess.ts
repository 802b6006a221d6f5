// The server's process: starts it, keeps its last output, and makes sure that it ends.

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { NotStarted, SERVER_PATH } from "./errors";

/** A program to start. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
}

const KEPT_LINES = 20;
// VS Code kills an extension after five seconds, and the LSP shutdown may take two of them.
const PATIENCE_MILLISECONDS = 1000;

export class ServerProcess {
  private lines: string[] = [];
  private how: string | undefined;
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;

  private constructor(readonly child: ChildProcessWithoutNullStreams) {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.lines = [...this.lines, ...text.split(/\r?\n/).filter((line) => line.trim() !== "")].slice(-KEPT_LINES);
    });
    // Writing to a crashed server fails; its end is reported anyway.
    child.stdin.on("error", () => undefined);
    this.ended = new Promise((resolve) => {
      child.once("close", (code, signal) => {
        this.how = signal === null ? `exit code ${String(code)}` : `signal ${signal}`;
        resolve();
      });
    });
  }

  /**
   * Start a program.
   *
   * @throws {NotStarted} there is no such program, or it can't be run.
   */
  static start({ command, args, folder, environment }: Program): Promise<ServerProcess> {
    return new Promise((resolve, reject) => {
      const child = spawn(command, args, { cwd: folder, env: environment, stdio: "pipe", windowsHide: true });
      const server = new ServerProcess(child);
      child.once("spawn", () => { resolve(server); });
      child.on("error", (error) => {
        reject(new NotStarted(`${command} can't be run: ${error.message}.`, "", SERVER_PATH));
      });
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get hasEnded(): boolean {
    return this.how !== undefined;
  }

  /** Return how the process ended, and its last line on stderr. */
  lastOutput(): string {
    const last = this.lines.at(-1);
    return last === undefined ? (this.how ?? "it said nothing") : `${last.trim()} (${this.how ?? "it still runs"})`;
  }

  /** Wait until the process has ended; terminate and then kill it if it doesn't end by itself. */
  async end(patience = PATIENCE_MILLISECONDS): Promise<void> {
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      if (await this.endsWithin(patience)) return;
      this.child.kill(signal);
    }
    await this.endsWithin(patience);
  }

  private async endsWithin(milliseconds: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => { resolve(false); }, milliseconds);
    });
    const soon = await Promise.race([this.ended.then(() => true), patience]);
    clearTimeout(timer);
    return soon;
  }
}
