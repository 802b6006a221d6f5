// The webview panel of one file's plan: sends the plan to the page, and handles the page's buttons.
//
// The panel keeps the plan; the page gets the parts that it shows. A plan is submitted once: the buttons do nothing while
// a submission runs or after it has ended.

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { Extension } from "../../feature";
import { quantity } from "../../format";
import { showError } from "../../notifications";
import type { FromPage, Phase, Problem, ToPage } from "../../pages/plan/messages";
import type { CloudArguments, CloudResult, Place } from "../../protocol";
import { type CallOptions, CommandError, errorMessage } from "../../server/calls";
import { confirmSend } from "../jobs/confirmation";
import { findingsOf } from "./findings";
import { allowedArguments, chunks, columnsOf, countsOf, excessProblem, headOf, type JobOutcome, requestText, rowsOf, statesOf } from "./pageData";
import { pageHtml } from "./pageHtml";

/** States of jobs that a submission didn't send, or that are unknown; `resume` sends them. */
const RESUMABLE = new Set(["PLANNED", "SUBMITTING", "UNKNOWN"]);

/** The arguments of the command `plan`. */
export type PlanArguments = Place & CloudArguments;

export class PlanPanel implements vscode.Disposable {
  private readonly panel: vscode.WebviewPanel;
  private readonly listeners: vscode.Disposable[] = [];
  private plan: CloudResult | undefined;
  private arguments: PlanArguments = {};
  private phase: Phase = { name: "planned" };
  private jobs = new Map<number, JobOutcome>();
  private allowed: CloudArguments = {};
  private generation = 0;
  private isReady = false; // whether the page's script receives messages
  private closed = false;
  private wantsSubmit = false;
  private cancelling: vscode.CancellationTokenSource | undefined;

  constructor(
    private readonly extension: Extension,
    private readonly uri: vscode.Uri,
    private readonly onOver: () => void,
  ) {
    const { extensionUri } = extension.context;
    const pages = vscode.Uri.joinPath(extensionUri, "dist", "pages");
    const name = vscode.workspace.asRelativePath(uri);
    this.panel = vscode.window.createWebviewPanel("caliban.plan", `Plan: ${name}`, vscode.ViewColumn.Active, {
      enableScripts: true,
      retainContextWhenHidden: true,
      localResourceRoots: [pages],
    });
    const icon = (theme: string): vscode.Uri => vscode.Uri.joinPath(extensionUri, "media", `plan-${theme}.svg`);
    this.panel.iconPath = { light: icon("light"), dark: icon("dark") };
    const { webview } = this.panel;
    const at = (file: string): string => webview.asWebviewUri(vscode.Uri.joinPath(pages, file)).toString();
    this.listeners.push(
      webview.onDidReceiveMessage((message: FromPage) => { void this.onMessage(message); }),
      this.panel.onDidDispose(() => { this.close(); }),
      this.panel.onDidChangeViewState(() => { this.postFindings(); }),
      extension.server.onDidChangeState(({ kind }) => { if (kind === "running") void this.askAgain(); }),
      vscode.languages.onDidChangeDiagnostics(({ uris }) => {
        if (uris.some((one) => one.toString() === uri.toString())) this.postFindings();
      }),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0 && document.uri.toString() === uri.toString()) this.post({ kind: "edited" });
      }),
    );
    const nonce = randomBytes(16).toString("hex");
    webview.html = pageHtml({ script: at("plan.js"), style: at("plan.css"), source: webview.cspSource, nonce });
  }

  /** Whether a plan or a submission is running, which a new plan would disturb. */
  get isBusy(): boolean {
    return this.phase.name === "working";
  }

  /** Whether the panel is closed; a submission may still be running. */
  get isClosed(): boolean {
    return this.closed;
  }

  get isActive(): boolean {
    return !this.closed && this.panel.active;
  }

  /** The arguments that the plan was made with. */
  get planned(): PlanArguments {
    return this.arguments;
  }

  reveal(): void {
    this.panel.reveal();
  }

  dispose(): void {
    this.panel.dispose();
  }

  /** Show a plan, made with these arguments. */
  show(plan: CloudResult, made: PlanArguments, { submit }: { submit: boolean }): void {
    this.arguments = made;
    this.wantsSubmit = submit;
    this.setPlan(plan);
    this.setPhase({ name: "planned" });
    this.focusSubmit();
    this.panel.reveal();
  }

  private async onMessage(message: FromPage): Promise<void> {
    try {
      await this.handle(message);
    } catch (error) {
      await showError(this.extension, error);
    }
  }

  private async handle(message: FromPage): Promise<void> {
    switch (message.kind) {
      case "ready":
        this.isReady = true;
        this.postPlan();
        this.post({ kind: "phase", phase: this.phase });
        this.focusSubmit();
        break;
      case "planAgain":
        await this.planAgain();
        break;
      case "submit":
        await this.submit(message.typed);
        break;
      case "cancel":
        this.cancelling?.cancel();
        break;
      case "resume":
        await this.resume();
        break;
      case "askAgain":
        await this.askAgain();
        break;
      case "refresh":
        await this.refresh();
        break;
      case "request": {
        const job = this.plan?.jobs.find(({ index }) => index === message.index);
        if (job !== undefined) this.post({ kind: "request", index: job.index, text: requestText(job) });
        break;
      }
      case "copyRequest": {
        const job = this.plan?.jobs.find(({ index }) => index === message.index);
        if (job === undefined) break;
        await vscode.env.clipboard.writeText(requestText(job));
        this.post({ kind: "copied" });
        break;
      }
      case "openConsole":
        await openConsole(this.jobs.get(message.index)?.url);
        break;
      case "showJobs":
        await vscode.commands.executeCommand("caliban.showJobs", { reference: this.plan?.group });
        break;
      case "openFile":
        await vscode.window.showTextDocument(this.uri, { viewColumn: vscode.ViewColumn.Active });
        break;
      case "openFinding": {
        const spot = new vscode.Position(message.line - 1, 0);
        await vscode.window.showTextDocument(this.uri, { selection: new vscode.Range(spot, spot) });
        break;
      }
      case "openSettings":
        await vscode.commands.executeCommand("workbench.action.openSettings", "caliban.limits");
    }
  }

  private async planAgain(): Promise<void> {
    if (this.isBusy) return;
    const before = this.phase;
    await this.withProgress("Planning the submission", async (options) => {
      try {
        this.setPlan(await this.extension.server.call("plan", this.arguments, options));
        this.setPhase({ name: "planned" });
      } catch (error) {
        // The earlier plan is still valid, unless the server had refused it already.
        this.setPhase(before.name === "working" ? { name: "planned" } : { ...before, problem: problemOf(error) });
      }
    });
  }

  /** Submit the plan on the page; over a limit, the user has to type the number of its jobs. */
  private async submit(typed: number | null): Promise<void> {
    const { plan, phase } = this;
    if (plan === undefined || phase.name !== "planned" || phase.void === true) return;
    const allowed = allowedArguments(plan, typed);
    const isOver = plan.over_limits.length > 0;
    if (allowed === undefined) {
      this.setPhase(phase);
      return;
    }
    await this.withProgress("Submitting", async (options) => {
      try {
        if (isOver && !(await this.isAllowed(plan, allowed, options))) return;
        this.allowed = allowed;
        const result = await this.extension.server.call("submit", { plan_id: plan.plan_id }, options);
        this.submitted(result.jobs);
        this.announce();
      } catch (error) {
        await this.interrupted(error);
      }
    });
  }

  /** Plan again with raised limits; return whether the new plan equals the one on the page and is within the limits. */
  private async isAllowed(plan: CloudResult, allowed: PlanArguments, options: CallOptions): Promise<boolean> {
    const anew = await this.extension.server.call("plan", { ...this.arguments, ...allowed }, options);
    this.setPlan(anew);
    if (anew.plan_id !== plan.plan_id) {
      const message = "The plan has changed meanwhile. Nothing was built or sent.";
      this.setPhase({ name: "planned", problem: { message, hint: "This is the new plan; check it, then submit it." } });
      return false;
    }
    if (anew.over_limits.length > 0) {
      this.setPhase({ name: "planned", problem: excessProblem(anew.over_limits) });
      return false;
    }
    return true;
  }

  private async resume(): Promise<void> {
    const { plan, phase } = this;
    if (plan === undefined || phase.name !== "submitted" || !phase.resumable) return;
    const { group } = plan;
    await this.withProgress("Submitting the remaining jobs", async (options) => {
      try {
        // The limits that the user raised for this submission hold for the rest of it.
        const left = await this.extension.server.call("resume", { group, dry_run: true, ...this.allowed }, options);
        if (left.jobs.length > 0 && !(await confirmSend(left))) {
          this.setPhase(phase);
          return;
        }
        if (left.jobs.length > 0) await this.extension.server.call("resume", { group, yes: true, ...this.allowed }, options);
        this.submitted((await this.recordedJobs()) ?? []);
        if (left.jobs.length > 0) this.announce();
      } catch (error) {
        await this.interrupted(error);
      }
    });
  }

  /** Ask Google for the states of the jobs. */
  private async refresh(): Promise<void> {
    const { plan, phase } = this;
    if (plan === undefined || phase.name !== "submitted") return;
    await this.withProgress("Asking for states", async (options) => {
      try {
        const { groups } = await this.extension.server.call("status", { reference: plan.group, refresh: true }, options);
        this.submitted(groups[0]?.jobs ?? []);
      } catch (error) {
        this.setPhase({ ...phase, problem: problemOf(error) });
      }
    });
  }

  /** Show why a submission ended early, and which jobs the history has: `resume` sends the others, and none twice. */
  private async interrupted(error: unknown): Promise<void> {
    await this.catchUp(problemOf(error), error instanceof CommandError && error.code === "plan-changed");
    // The page shows the error; a notification is needed when the page is closed or hidden.
    if (this.closed || !this.panel.visible) void showError(this.extension, error);
  }

  /** Show the jobs that the history has of the submission. If the server doesn't answer, ask again when it runs again. */
  private async catchUp(problem: Problem, isVoid = false): Promise<void> {
    try {
      const begun = await this.recordedJobs();
      if (begun === undefined) this.setPhase({ name: "planned", problem, void: isVoid });
      else this.submitted(begun, problem);
    } catch (error) {
      this.extension.log.debug(errorMessage(error));
      this.setPhase({ name: "unsure", problem });
    }
  }

  private async askAgain(): Promise<void> {
    const { phase } = this;
    if (phase.name !== "unsure" || phase.problem === undefined) return;
    const { problem } = phase;
    await this.withProgress("Asking which jobs were sent", () => this.catchUp(problem));
  }

  /** Return the submission's jobs from the history, undefined if it has none; throws if the server doesn't answer. */
  private async recordedJobs(): Promise<readonly JobOutcome[] | undefined> {
    try {
      const { groups } = await this.extension.server.call("status", { reference: this.plan?.group ?? "" });
      return groups[0]?.jobs;
    } catch (error) {
      if (error instanceof CommandError && error.code === "usage") return undefined; // there is no such launch
      throw error;
    }
  }

  private submitted(jobs: readonly JobOutcome[], problem?: Problem): void {
    this.jobs = new Map(jobs.map((job) => [job.index, job]));
    this.postStates();
    const resumable = jobs.some(({ state }) => RESUMABLE.has(state));
    const sent = jobs.filter(({ url }) => url !== null).length;
    this.setPhase({ name: "submitted", counts: countsOf(jobs), sent, resumable, problem });
  }

  private announce(): void {
    const { plan } = this;
    if (plan === undefined) return;
    const only = plan.count === 1 ? this.jobs.get(1)?.url ?? [...this.jobs.values()][0]?.url : undefined;
    const actions = ["Show Jobs", ...(only ? ["Open in Console"] : [])];
    const text = `Caliban: ${quantity(plan.count, "job")} submitted, as ${plan.group}.`;
    void vscode.window.showInformationMessage(text, ...actions).then(async (chosen) => {
      if (chosen === "Show Jobs") await vscode.commands.executeCommand("caliban.showJobs", { reference: plan.group });
      if (chosen === "Open in Console") await openConsole(only);
    });
  }

  /** Run a long task. The page and a notification show its progress, and both can cancel it. */
  private async withProgress(what: string, run: (options: CallOptions) => Promise<void>): Promise<void> {
    if (this.isBusy) return;
    const cancelling = new vscode.CancellationTokenSource();
    this.cancelling = cancelling;
    let percentage = 0;
    this.setPhase({ name: "working", what, message: "", percentage });
    try {
      await run({
        title: what,
        token: cancelling.token,
        report: ({ message = "", increment = 0 }) => {
          percentage += increment;
          if (this.isBusy) this.setPhase({ name: "working", what, message, percentage });
        },
      });
    } finally {
      this.cancelling = undefined;
      cancelling.dispose();
      if (this.closed) this.onOver();
    }
  }

  private setPlan(plan: CloudResult): void {
    this.plan = plan;
    this.jobs = new Map();
    this.generation++;
    this.postPlan();
  }

  private setPhase(phase: Phase): void {
    this.phase = phase;
    this.post({ kind: "phase", phase });
  }

  private postPlan(): void {
    const { plan, generation } = this;
    if (plan === undefined || !this.isReady) return;
    const columns = columnsOf(plan.jobs);
    this.post({ kind: "plan", generation, plan: headOf(plan, this.source()), columns });
    for (const rows of chunks(rowsOf(plan.jobs, columns))) this.post({ kind: "rows", generation, rows });
    this.postStates();
    this.postFindings();
  }

  /** The planned file, or the part of it, as text. */
  private source(): string {
    const { block, index } = this.arguments;
    const part = [...(block ? [`block ${block}`] : []), ...(index ? [`job ${index}`] : [])];
    return [vscode.workspace.asRelativePath(this.uri), ...part].join(", ");
  }

  private postStates(): void {
    for (const states of chunks(statesOf([...this.jobs.values()]))) {
      this.post({ kind: "states", generation: this.generation, states });
    }
  }

  private postFindings(): void {
    if (this.isReady && this.panel.visible) this.post({ kind: "findings", findings: findingsOf(vscode.languages.getDiagnostics(this.uri)) });
  }

  private focusSubmit(): void {
    if (!this.wantsSubmit || !this.isReady) return;
    this.wantsSubmit = false;
    this.post({ kind: "focusSubmit" });
  }

  private post(message: ToPage): void {
    if (this.isReady) void this.panel.webview.postMessage(message);
  }

  private close(): void {
    this.closed = true;
    this.isReady = false;
    for (const listener of this.listeners) listener.dispose();
    // A running submission goes on; its notification shows and cancels it.
    if (!this.isBusy) this.onOver();
  }
}

async function openConsole(url: string | null | undefined): Promise<void> {
  if (url) await vscode.env.openExternal(vscode.Uri.parse(url, true));
}

function problemOf(error: unknown): Problem {
  if (error instanceof vscode.CancellationError) return { message: "You cancelled it.", hint: "" };
  return { message: errorMessage(error), hint: error instanceof CommandError ? error.hint : "" };
}
