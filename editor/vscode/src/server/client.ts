// The LSP client. It is loaded when the server first starts, because it is most of the extension's code.

import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  ExecuteCommandRequest,
  LanguageClient,
  type LanguageClientOptions,
  ResponseError,
  RevealOutputChannelOn,
  WorkDoneProgress,
  WorkDoneProgressCancelNotification,
} from "vscode-languageclient/node";
import { ServerExited } from "../launch/errors";
import { type Program, ServerProcess } from "../launch/serverProcess";
import type { Commands } from "../protocol";
import { type CallOptions, CommandError, errorMessage, type Interceptor, type JobListener, type JobUpdate, type LogChunk, PREFIX, type ProgressStep } from "./calls";

/** A client's surroundings: trust, log, and the handlers that it calls. */
export interface ClientContext {
  readonly trusted: boolean;
  readonly log: vscode.LogOutputChannel;
  readonly intercept: Interceptor;
  readonly logged: (chunk: LogChunk) => void;
}

/** The listeners of a call, and its cancellation token. */
export type CallListeners = Pick<CallOptions, "token" | "report" | "listener">;

/** The progress token tells which call a notification belongs to. */
interface WithToken {
  readonly token?: unknown;
}

const START_SECONDS = 60;

/** A client that only logs; the extension itself shows messages. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }

  override info(message: string, data?: unknown): void {
    super.info(message, data, false);
  }

  override warn(message: string, data?: unknown): void {
    super.warn(message, data, false);
  }

  /** Stop, and only log it if the server has gone already. */
  override async stop(timeout?: number): Promise<void> {
    try {
      await super.stop(timeout);
    } catch (error) {
      this.debug(`the server wasn't asked to stop: ${errorMessage(error)}`, undefined, false);
    }
  }
}

export class Client {
  private calls = 0;
  private readonly listeners = new Map<unknown, JobListener>();
  private stopping = false;
  /** Resolves with the last output when the server ends unexpectedly. */
  readonly died: Promise<string>;

  private constructor(
    private readonly client: LanguageClient,
    private readonly process: ServerProcess,
    private readonly surroundings: ClientContext,
  ) {
    client.onNotification("caliban-ls/log", (chunk: LogChunk & WithToken) => {
      surroundings.logged(chunk);
      this.listeners.get(chunk.token)?.log(chunk);
    });
    client.onNotification("caliban-ls/job", (update: JobUpdate & WithToken) => { this.listeners.get(update.token)?.job(update); });
    this.died = new Promise((resolve) => {
      void process.ended.then(() => {
        if (!this.stopping) resolve(process.lastOutput());
      });
    });
  }

  /**
   * Start a server and wait until it is initialized.
   *
   * @throws {NotStarted} the program can't be started, exits or doesn't answer.
   */
  static async start(program: Program, signal: AbortSignal, surroundings: ClientContext): Promise<Client> {
    const process = await ServerProcess.start(program);
    const options = clientOptions(surroundings);
    const client = new QuietClient("caliban", "Caliban", () => Promise.resolve(process.child), options);
    const giveUp = () => { void process.end(); };
    const patience = AbortSignal.timeout(START_SECONDS * 1000);
    patience.addEventListener("abort", giveUp);
    signal.addEventListener("abort", giveUp);
    if (signal.aborted) giveUp();
    const started = new Client(client, process, surroundings);
    try {
      await Promise.race([client.start(), process.ended]);
      // The client may report success for a server that has exited since.
      if (!client.isRunning() || process.hasEnded) throw new Error("it ended");
    } catch (error) {
      await started.stop();
      const why = patience.aborted ? `it didn't answer for ${START_SECONDS} seconds` : process.lastOutput();
      surroundings.log.warn(`the server didn't start: ${errorMessage(error)}`);
      throw new ServerExited(why);
    } finally {
      patience.removeEventListener("abort", giveUp);
      signal.removeEventListener("abort", giveUp);
    }
    return started;
  }

  /** The server's name, version and process id. */
  get introduction(): string {
    const info = this.client.initializeResult?.serverInfo;
    return `${info?.name ?? "unnamed"} ${info?.version ?? "without a version"}, process ${String(this.process.pid)}`;
  }

  /**
   * Execute a command.
   *
   * @throws {CommandError} the server refused, or stopped.
   * @throws {vscode.CancellationError} the user cancelled.
   */
  async send(name: string, argument: unknown, { token = NEVER_CANCELLED, report, listener }: CallListeners): Promise<unknown> {
    const heard = report !== undefined || listener !== undefined;
    const workDoneToken = heard ? `caliban-${String(++this.calls)}` : undefined;
    const listeners = workDoneToken === undefined ? [] : this.follow(name, workDoneToken, { token, report });
    if (listener !== undefined) this.listeners.set(workDoneToken, listener);
    try {
      const params = { command: PREFIX + name, arguments: [argument], workDoneToken };
      return await this.client.sendRequest(ExecuteCommandRequest.type, params, token);
    } catch (error) {
      if (token.isCancellationRequested) throw new vscode.CancellationError();
      if (this.process.hasEnded || this.stopping) {
        throw new CommandError("The server stopped before it answered.", "stopped", "Try again; the log says why it stopped.");
      }
      throw asCommandError(error);
    } finally {
      for (const one of listeners) one.dispose();
      this.listeners.delete(workDoneToken);
    }
  }

  /** Apply an LSP edit; return whether VS Code applied it. */
  async apply(edit: Commands["setHardware"]["result"]): Promise<boolean> {
    return vscode.workspace.applyEdit(await this.client.protocol2CodeConverter.asWorkspaceEdit(edit));
  }

  private follow(name: string, workDoneToken: string, { token = NEVER_CANCELLED, report }: CallListeners): vscode.Disposable[] {
    let shown = 0;
    return [
      this.client.onProgress(WorkDoneProgress.type, workDoneToken, (value) => {
        if (value.kind !== "report") return;
        if (value.message !== undefined) this.surroundings.log.info(`${name}: ${value.message}`);
        const percentage = value.percentage ?? shown;
        report?.({ message: value.message, increment: Math.max(0, percentage - shown) } satisfies ProgressStep);
        shown = Math.max(shown, percentage);
      }),
      token.onCancellationRequested(() => {
        void this.client.sendNotification(WorkDoneProgressCancelNotification.type, { token: workDoneToken });
      }),
    ];
  }

  /** Ask the server to stop, and kill it if it doesn't. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.client.dispose();
    await this.process.end();
  }
}

function clientOptions({ trusted, log, intercept }: ClientContext): LanguageClientOptions {
  return {
    documentSelector: schemes().flatMap((scheme) => [
      { scheme, language: "caliban-experiment" },
      { scheme, language: "caliban-config" },
      { scheme, pattern: "**/*.json" },
      { scheme, language: "python" },
    ]),
    initializationOptions: { trusted, confirms: true },
    outputChannel: log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    // The extension restarts a crashed server itself: the program to start may be another by now.
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => ({ action: CloseAction.DoNotRestart, handled: true }),
    },
    initializationFailedHandler: () => false,
    middleware: {
      executeCommand: (command, given: unknown[], next) =>
        intercept(command, given[0]) ?? (next(command, given) as vscode.ProviderResult<unknown>),
    },
  };
}

/** Return the URI schemes of files that can be edited. Old versions of files, as Git shows them, aren't checked. */
function schemes(): string[] {
  const folders = vscode.workspace.workspaceFolders ?? [];
  return [...new Set(["file", "untitled", ...folders.map(({ uri }) => uri.scheme)])];
}

const NEVER_CANCELLED = new vscode.CancellationTokenSource().token;

function asCommandError(error: unknown): unknown {
  if (!(error instanceof ResponseError)) return error;
  const data = (error.data ?? {}) as { code?: unknown; hint?: unknown };
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  return new CommandError(error.message, text(data.code), text(data.hint));
}
