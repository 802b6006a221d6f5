// Calls of the server's commands: their options, what they report while they run, and their errors.

import type * as vscode from "vscode";
import type { Commands } from "../protocol";

/** The prefix of the server's command ids. */
export const PREFIX = "caliban-ls.";

/** A chunk of a job's output; `offset` counts the bytes of that job's output before it. */
export interface LogChunk {
  readonly job: string;
  readonly offset: number;
  readonly text: string;
}

/** A progress report: the current step, and by how many percent the progress has grown. */
export interface ProgressStep {
  readonly message?: string;
  readonly increment?: number;
}

/** The state of a job that a call runs: it runs now, or it has ended. */
export interface JobUpdate {
  readonly job: string;
  readonly index: number;
  readonly args: readonly string[];
  readonly state: string;
  readonly exit_code?: number | null;
  readonly seconds?: number | null;
  readonly metrics?: Readonly<Record<string, number>>;
  readonly error?: string | null;
}

/** Receives the states and the output of the jobs of one call, in order. */
export interface JobListener {
  job(update: JobUpdate): void;
  log(chunk: LogChunk): void;
}

/** Ignores everything; with a listener, a call shows no progress in the status bar. */
export const SILENT_LISTENER: JobListener = { job: () => undefined, log: () => undefined };

/** A call of a command, and its answer. */
export interface Call {
  readonly name: keyof Commands;
  readonly argument: unknown;
  readonly answer: Promise<unknown>;
}

/** How a call is shown and cancelled, and who listens to it. */
export interface CallOptions {
  /** The title of a notification with a progress bar and a Cancel button; without a title, no notification is shown. */
  readonly title?: string;
  /** Cancels the call, as the notification's button does. */
  readonly token?: vscode.CancellationToken;
  /** Receives the progress of a call with a title, as the notification does. */
  readonly report?: (step: ProgressStep) => void;
  /** Receives the states and the output of the call's jobs. */
  readonly listener?: JobListener;
}

/** The server refused a command. The message says why, the hint how to fix it. */
export class CommandError extends Error {
  constructor(
    message: string,
    readonly code: string,
    readonly hint: string,
  ) {
    super(message);
    this.name = "CommandError";
  }
}

/** Handles a server command that a code lens or another editor feature calls; undefined sends it to the server. */
export type Interceptor = (command: string, argument: unknown) => Thenable<unknown> | undefined;

/** Return the message of anything that was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
