// The language server as the rest of the extension sees it: whether it runs, and one call for each command.

import * as vscode from "vscode";
import {
  ExecuteCommandRequest,
  LanguageClient,
  type LanguageClientOptions,
  ResponseError,
  State,
  WorkDoneProgress,
  WorkDoneProgressCancelNotification,
} from "vscode-languageclient/node";
import { type Launch, NotStarted } from "./launch/launch";
import type { Commands } from "./protocol";

type WorkspaceEdit = Commands["setHardware"]["result"];

/** What the server calls its commands in editors. */
export const PREFIX = "caliban-ls.";

/** Whether the server runs, and if it doesn't, why. */
export type ServerState =
  | { readonly kind: "stopped" | "starting" | "running" }
  | { readonly kind: "failed"; readonly problem: NotStarted };

/** A piece of a job's output; `offset` counts the bytes of that job's output before it. */
export interface LogPiece {
  readonly job: string;
  readonly offset: number;
  readonly text: string;
}

/** A piece of progress: what is being done, and how many hundredths more are. */
export interface Step {
  readonly message?: string;
  readonly increment?: number;
}

/** What is told of a job that a call runs: that it runs now, or how it ended. */
export interface JobNews {
  readonly job: string;
  readonly index: number;
  readonly args: readonly string[];
  readonly state: string;
  readonly exit_code?: number | null;
  readonly seconds?: number | null;
  readonly metrics?: Readonly<Record<string, number>>;
  readonly error?: string | null;
}

/** Is told what the jobs of one call do and print, in order. */
export interface JobListener {
  job(news: JobNews): void;
  log(piece: LogPiece): void;
}

/** A call of a command, and the answer that will come. */
export interface Call {
  readonly name: keyof Commands;
  readonly argument: unknown;
  readonly answer: Promise<unknown>;
}

/** How a call shows while it works. */
export interface CallOptions {
  /** The heading of a notification with a bar and a button that cancels; nothing is shown without one. */
  readonly title?: string;
  /** Cancels the call, besides the notification's button. */
  readonly token?: vscode.CancellationToken;
  /** Is told how far a call with a title is, besides the notification. */
  readonly report?: (step: Step) => void;
  /** Is told of the jobs that the call runs. */
  readonly listener?: JobListener;
}

/** A command said no. The message tells what happened, the hint what to do. */
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

/** What becomes of a lens's or another editor feature's call of a server command; undefined sends it on. */
export type Interceptor = (command: string, argument: unknown) => Thenable<unknown> | undefined;

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private current: ServerState = { kind: "stopped" };
  private queued: Promise<void> | undefined;
  private running: Promise<void> = Promise.resolve();
  private calls = 0;
  private readonly changed = new vscode.EventEmitter<ServerState>();
  private readonly logged = new vscode.EventEmitter<LogPiece>();
  private readonly called = new vscode.EventEmitter<Call>();
  private interceptor: Interceptor = () => undefined;
  private readonly listeners = new Map<unknown, JobListener>();

  readonly onDidChangeState = this.changed.event;
  /** Output of jobs that were started here, as it comes. */
  readonly onLog = this.logged.event;
  /** Every call of a command as it begins, for those who show what commands change. */
  readonly onDidCall = this.called.event;

  constructor(
    private readonly launch: () => Promise<Launch>,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  get state(): ServerState {
    return this.current;
  }

  /** Have calls of server commands that VS Code makes by itself, such as a lens's, done by the extension. */
  intercept(interceptor: Interceptor): void {
    this.interceptor = interceptor;
  }

  /** Stop the server if it runs, and start it. However many ask while one restart waits, one is done. */
  restart(): Promise<void> {
    this.queued ??= this.running.then(async () => {
      this.queued = undefined;
      await this.stopClient();
      await this.startClient();
    });
    this.running = this.queued;
    return this.queued;
  }

  /**
   * Call a command.
   *
   * @throws {CommandError} the server said no.
   * @throws {NotStarted} the server doesn't run.
   * @throws {vscode.CancellationError} the user cancelled.
   */
  call<Name extends keyof Commands>(
    name: Name,
    argument: Commands[Name]["arguments"],
    options: CallOptions = {},
  ): Promise<Commands[Name]["result"]> {
    const answer = this.answer(name, argument, options);
    this.called.fire({ name, argument, answer });
    return answer;
  }

  async stop(): Promise<void> {
    await this.running;
    await this.stopClient();
    this.become({ kind: "stopped" });
  }

  dispose(): void {
    this.changed.dispose();
    this.logged.dispose();
    this.called.dispose();
  }

  private async answer<Name extends keyof Commands>(
    name: Name,
    argument: Commands[Name]["arguments"],
    options: CallOptions,
  ): Promise<Commands[Name]["result"]> {
    const client = await this.ready();
    if (options.title === undefined) return this.send(client, name, argument, options);
    return vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: options.title, cancellable: true },
      async (progress, cancelled) => {
        const either = new vscode.CancellationTokenSource();
        const listeners = [cancelled, options.token].map((token) => token?.onCancellationRequested(() => { either.cancel(); }));
        try {
          return await this.send(client, name, argument, { ...options, token: either.token }, progress);
        } finally {
          for (const listener of listeners) listener?.dispose();
          either.dispose();
        }
      },
    );
  }

  /** Make an edit that a command answered; whether it was made. */
  async apply(edit: WorkspaceEdit): Promise<boolean> {
    const client = await this.ready();
    return vscode.workspace.applyEdit(await client.protocol2CodeConverter.asWorkspaceEdit(edit));
  }

  private async ready(): Promise<LanguageClient> {
    await this.running;
    if (this.client === undefined) await this.restart();
    if (this.client !== undefined) return this.client;
    throw this.current.kind === "failed" ? this.current.problem : new NotStarted("The server doesn't run.", "");
  }

  private async send<Name extends keyof Commands>(
    client: LanguageClient,
    name: Name,
    argument: Commands[Name]["arguments"],
    { token = never, listener, report }: CallOptions,
    progress?: vscode.Progress<Step>,
  ): Promise<Commands[Name]["result"]> {
    const workDoneToken = progress === undefined && listener === undefined ? undefined : `caliban-${String(++this.calls)}`;
    const listeners: vscode.Disposable[] = [];
    if (listener !== undefined) this.listeners.set(workDoneToken, listener);
    if (workDoneToken !== undefined) {
      let shown = 0;
      listeners.push(
        client.onProgress(WorkDoneProgress.type, workDoneToken, (value) => {
          if (value.kind !== "report") return;
          if (value.message !== undefined) this.log.info(`${name}: ${value.message}`);
          const percentage = value.percentage ?? shown;
          const step = { message: value.message, increment: Math.max(0, percentage - shown) };
          progress?.report(step);
          report?.(step);
          shown = Math.max(shown, percentage);
        }),
        token.onCancellationRequested(() => {
          void client.sendNotification(WorkDoneProgressCancelNotification.type, { token: workDoneToken });
        }),
      );
    }
    try {
      const params = { command: PREFIX + name, arguments: [argument], workDoneToken };
      const answer: unknown = await client.sendRequest(ExecuteCommandRequest.type, params, token);
      return answer as Commands[Name]["result"];
    } catch (error) {
      if (token.isCancellationRequested) throw new vscode.CancellationError();
      throw asCommandError(error);
    } finally {
      for (const one of listeners) one.dispose();
      this.listeners.delete(workDoneToken);
    }
  }

  private async startClient(): Promise<void> {
    this.become({ kind: "starting" });
    try {
      const { options, ...executable } = await this.launch();
      const client = new LanguageClient("caliban", "Caliban", { ...executable, options }, this.clientOptions());
      client.onNotification("caliban-ls/log", (piece: LogPiece & Told) => {
        this.logged.fire(piece);
        this.listeners.get(piece.token)?.log(piece);
      });
      client.onNotification("caliban-ls/job", (news: JobNews & Told) => { this.listeners.get(news.token)?.job(news); });
      client.onDidChangeState(({ newState }) => {
        if (this.client !== client) return;
        if (newState === State.Running) this.become({ kind: "running" });
        else if (newState === State.Starting) this.become({ kind: "starting" });
        else this.become({ kind: "stopped" });
      });
      await client.start();
      this.client = client;
      this.become({ kind: "running" });
    } catch (error) {
      const problem = error instanceof NotStarted ? error : new NotStarted(`The server can't be started: ${said(error)}`, "");
      this.log.error(problem.message, problem.hint);
      this.become({ kind: "failed", problem });
    }
  }

  private async stopClient(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    try {
      await client?.dispose();
    } catch (error) {
      this.log.warn(`the server didn't stop as asked: ${said(error)}`);
    }
  }

  private clientOptions(): LanguageClientOptions {
    return {
      documentSelector: [
        { language: "caliban-experiment" },
        { language: "caliban-config" },
        { pattern: "**/*.json" },
        { language: "python" },
      ],
      initializationOptions: { trusted: vscode.workspace.isTrusted, confirms: true },
      outputChannel: this.log,
      middleware: {
        executeCommand: (command, given: unknown[], next) =>
          this.interceptor(command, given[0]) ?? (next(command, given) as vscode.ProviderResult<unknown>),
      },
    };
  }

  private become(state: ServerState): void {
    this.current = state;
    this.changed.fire(state);
  }
}

/** Which call a notification belongs to. */
interface Told {
  readonly token?: unknown;
}

const never = new vscode.CancellationTokenSource().token;

function asCommandError(error: unknown): unknown {
  if (!(error instanceof ResponseError)) return error;
  const data = (error.data ?? {}) as { code?: unknown; hint?: unknown };
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  return new CommandError(error.message, text(data.code), text(data.hint));
}

export function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
