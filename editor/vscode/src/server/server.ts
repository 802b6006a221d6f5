// The language server as the rest of the extension sees it: whether it runs, and one call for each command.

import { setTimeout } from "node:timers/promises";
import * as vscode from "vscode";
import { CrashCounter } from "../launch/crashCounter";
import { NotStarted, ServerExited, StartCancelled } from "../launch/errors";
import type { Launch } from "../launch/launch";
import type { Commands } from "../protocol";
import { type Call, type CallOptions, errorMessage, type Interceptor, type LogChunk, type ProgressStep } from "./calls";
import type { Client } from "./client";

type WorkspaceEdit = Commands["setHardware"]["result"];

/** Restart requests within this time of each other count as one. */
const DEBOUNCE_MILLISECONDS = 250;

/** Whether the server runs, and the error if it failed to start. */
export type ServerState =
  | { readonly kind: "stopped" | "starting" | "running" }
  | { readonly kind: "failed"; readonly problem: NotStarted };

/** The command line: a program, and the arguments that come before those of `caliban`. */
export type CommandLine = Pick<Launch, "command" | "args">;

export class Server implements vscode.Disposable {
  private client: Client | undefined;
  private current: ServerState = { kind: "stopped" };
  private queued: Promise<void> | undefined;
  private running: Promise<void> = Promise.resolve();
  private starting = new AbortController();
  private closed = false;
  private launched: Launch | undefined;
  private readonly crashes = new CrashCounter();
  private readonly changed = new vscode.EventEmitter<ServerState>();
  private readonly logged = new vscode.EventEmitter<LogChunk>();
  private readonly called = new vscode.EventEmitter<Call>();
  private asked = -DEBOUNCE_MILLISECONDS;
  private interceptor: Interceptor = () => undefined;

  readonly onDidChangeState = this.changed.event;
  /** Fires for each chunk of output of the jobs that this window started. */
  readonly onLog = this.logged.event;
  /** Fires when a call of a command begins, so that views can update. */
  readonly onDidCall = this.called.event;

  constructor(
    private readonly launch: (signal: AbortSignal) => Promise<Launch>,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  get state(): ServerState {
    return this.current;
  }

  /** The running server and its origin, for reports. */
  get description(): string {
    return `${this.client?.introduction ?? "no server"}; ${this.launched?.origin ?? "nothing was started"}`;
  }

  /** Handle server commands that VS Code calls by itself, such as a code lens's. */
  intercept(interceptor: Interceptor): void {
    this.interceptor = interceptor;
  }

  /** Restart the server, or start it. Cancels a start that is running; several requests lead to one restart. */
  restart(): Promise<void> {
    this.crashes.reset();
    if (this.launched !== undefined) this.asked = performance.now();
    return this.queueStart();
  }

  /**
   * Call a command.
   *
   * @throws {CommandError} the server refused.
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

  /**
   * Return the command line that started the server, to run other commands of the same program.
   *
   * @throws {NotStarted} the server doesn't run.
   */
  async program(): Promise<CommandLine> {
    await this.ready();
    const { command = "", args = [] } = this.launched ?? {};
    return { command, args: args.slice(0, args.lastIndexOf("serve")) };
  }

  /** Apply an edit that a command returned; return whether VS Code applied it. */
  async apply(edit: WorkspaceEdit): Promise<boolean> {
    const client = await this.ready();
    return client.apply(edit);
  }

  /** Stop the server, for good. */
  async stop(): Promise<void> {
    this.closed = true;
    this.starting.abort();
    await this.running;
    await this.stopClient();
    this.setState({ kind: "stopped" });
  }

  dispose(): void {
    this.changed.dispose();
    this.logged.dispose();
    this.called.dispose();
  }

  private async answer<Name extends keyof Commands>(
    name: Name,
    argument: Commands[Name]["arguments"],
    { title, token, report, listener }: CallOptions,
  ): Promise<Commands[Name]["result"]> {
    const client = await this.ready();
    const send = async (cancel?: vscode.CancellationToken, show?: (step: ProgressStep) => void) =>
      (await client.send(name, argument, { token: cancel, report: show, listener })) as Commands[Name]["result"];
    if (title === undefined) return send(token);
    return vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title, cancellable: true },
      async (progress, cancelled) => {
        const either = new vscode.CancellationTokenSource();
        const listeners = [cancelled, token].map((one) => one?.onCancellationRequested(() => { either.cancel(); }));
        const show = (step: ProgressStep) => {
          progress.report(step);
          report?.(step);
        };
        try {
          return await send(either.token, show);
        } finally {
          for (const one of listeners) one?.dispose();
          either.dispose();
        }
      },
    );
  }

  private queueStart(): Promise<void> {
    this.starting.abort();
    this.queued ??= this.running.then(async () => {
      // A key that is held down, or several changed settings, cause one restart: the last.
      for (let debounceLeft = this.left; debounceLeft > 0 && !this.closed; debounceLeft = this.left) await setTimeout(debounceLeft);
      this.queued = undefined;
      await this.stopClient();
      if (!this.closed) await this.startClient();
    });
    this.running = this.queued;
    return this.queued;
  }

  /** The milliseconds left to wait for further restart requests. */
  private get left(): number {
    return this.asked + DEBOUNCE_MILLISECONDS - performance.now();
  }

  private async ready(): Promise<Client> {
    await this.running;
    // After a failed start, only the user starts the server again; otherwise every view would try.
    if (this.client === undefined && this.current.kind !== "failed") await this.queueStart();
    if (this.client !== undefined) return this.client;
    throw this.current.kind === "failed" ? this.current.problem : new NotStarted("The server doesn't run.", "");
  }

  private async startClient(): Promise<void> {
    const { signal } = (this.starting = new AbortController());
    this.setState({ kind: "starting" });
    try {
      await this.startProgram(signal);
      this.setState({ kind: "running" });
    } catch (error) {
      if (signal.aborted) this.setState({ kind: "stopped" });
      // A server that ran before is started again; a first start that fails is shown at once.
      else if (error instanceof ServerExited && this.crashes.count > 0) this.startAgain(error.lastOutput, error.setting);
      else this.fail(asNotStarted(error));
    }
  }

  /** Start the server's program. If its environment is broken, repair it and try once more. */
  private async startProgram(signal: AbortSignal, again = true): Promise<void> {
    const program = await this.launch(signal);
    const { Client } = await import("./client");
    this.launched = program;
    try {
      const client = await Client.start(program, signal, {
        trusted: vscode.workspace.isTrusted,
        log: this.log,
        intercept: (command, argument) => this.interceptor(command, argument),
        logged: (chunk) => { this.logged.fire(chunk); },
      });
      this.client = client;
      this.log.info(`the server runs: ${client.introduction}`);
      void client.died.then((lastWords) => { this.died(client, lastWords, program.setting); });
      void program.started().catch((error: unknown) => { this.log.warn(errorMessage(error)); });
    } catch (error) {
      if (again && !signal.aborted && (await program.repair())) {
        await this.startProgram(signal, false);
        return;
      }
      if (error instanceof NotStarted) error.setting ??= program.setting;
      throw error;
    }
  }

  private died(client: Client, lastWords: string, setting: string): void {
    if (this.client !== client || this.closed) return;
    this.client = undefined;
    void client.stop();
    this.startAgain(lastWords, setting);
  }

  /** Start a server again that has crashed, unless it has crashed too often. */
  private startAgain(lastWords: string, setting?: string): void {
    this.log.warn(`the server died: ${lastWords}`);
    if (this.crashes.add()) {
      void this.queueStart();
      return;
    }
    const text = `The server has stopped ${this.crashes.count} times within a few minutes, the last time with: ${lastWords}.`;
    this.fail(new NotStarted(text, "“Retry” starts it again; the log has its whole output.", setting));
  }

  private fail(problem: NotStarted): void {
    this.log.error(`${problem.message} ${problem.hint}`);
    this.setState({ kind: "failed", problem });
  }

  private async stopClient(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    await client?.stop();
  }

  private setState(state: ServerState): void {
    this.current = state;
    this.changed.fire(state);
  }
}

function asNotStarted(error: unknown): NotStarted {
  if (error instanceof NotStarted) return error;
  if (error instanceof StartCancelled) {
    return new NotStarted("Creating the server's environment was cancelled.", "Restart the server to create it.", undefined, true);
  }
  return new NotStarted(`The server can't be started: ${errorMessage(error)}.`, "The log may say more.");
}
