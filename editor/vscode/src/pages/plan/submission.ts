// The bar at the top of the page: the Submit button, its confirmation, the progress, and the result.

import { quantity } from "../../format";
import { button, element, on } from "./dom";
import * as format from "./format";
import type { FromPage, Phase, PlanHead, Problem } from "./messages";

export class Submission {
  readonly root = element("section", { class: "submission", "aria-label": "Submission" });
  private plan: PlanHead | undefined;
  private phase: Phase = { name: "planned" };
  private isConfirming = false;
  private edited = false;

  constructor(private readonly post: (message: FromPage) => void) {}

  show(plan: PlanHead): void {
    this.plan = plan;
    this.isConfirming = this.edited = false;
    this.draw();
  }

  setPhase(phase: Phase): void {
    // During a task, only the progress changes, so that Cancel stays where the user pressed it.
    const moves = phase.name === "working" && this.phase.name === "working" && phase.what === this.phase.what;
    this.phase = phase;
    if (moves) {
      this.updateProgress();
      return;
    }
    this.isConfirming = false;
    this.draw();
  }

  /** Show that the file was edited since it was planned. */
  noteEdit(): void {
    if (this.edited || this.phase.name !== "planned") return;
    this.edited = true;
    if (!this.isConfirming) this.draw();
  }

  focus(): void {
    (this.root.querySelector<HTMLElement>("#submit:enabled") ?? this.root.querySelector<HTMLElement>("#plan-again"))?.focus();
  }

  private draw(): void {
    const { plan, phase } = this;
    if (plan === undefined) return;
    this.root.className = `submission ${phase.name}`;
    const problem = phase.name === "working" ? undefined : phase.problem;
    const shown = problem === undefined ? undefined : problemOf(problem);
    const row = this.row(plan, phase);
    this.root.replaceChildren(...(shown === undefined ? [] : [shown]), row);
    if (phase.name === "working") this.updateProgress();
  }

  private row(plan: PlanHead, phase: Phase): HTMLElement {
    switch (phase.name) {
      case "working":
        return this.working(phase);
      case "submitted":
        return this.submitted(plan, phase);
      case "unsure":
        return this.unsure(plan);
      case "planned":
        return this.isConfirming ? this.confirmation(plan) : this.planned(plan);
    }
  }

  private planned(plan: PlanHead): HTMLElement {
    const isVoid = this.phase.name === "planned" && this.phase.void === true;
    const isBegun = this.phase.name === "planned" && this.phase.problem !== undefined; // an image may have been built
    const forbidden = plan.over_limits.some(({ allowed_by }) => allowed_by === null);
    const submit = button(`Submit ${quantity(plan.count, "Job")}…`, () => { this.startConfirming(); }, { id: "submit", class: "primary" });
    submit.disabled = isVoid || forbidden || plan.count === 0;
    const said = element("div", { class: "said" });
    for (const { message, hint } of plan.over_limits) said.append(element("p", { class: "limit" }, `${message}. ${hint}`.trim()));
    if (this.edited) said.append(element("p", { class: "edited" }, "The file was edited since. Plan again to see the new plan."));
    else if (!isVoid && !forbidden) said.append(element("p", {}, `${isBegun ? "Nothing is sent yet" : "Nothing is built or sent yet"}; sending takes about ${format.duration(plan.seconds)}.`));
    const settings = forbidden ? button("Open Settings", () => { this.post({ kind: "openSettings" }); }) : undefined;
    const again = button("Plan Again", () => { this.post({ kind: "planAgain" }); }, { id: "plan-again", ...(isVoid ? { class: "primary" } : {}) });
    return element("div", { class: "bar" }, said, settings, again, submit);
  }

  private startConfirming(): void {
    this.isConfirming = true;
    this.draw();
    this.root.querySelector<HTMLElement>("input, #no")?.focus();
  }

  private confirmation(plan: PlanHead): HTMLElement {
    const jobs = quantity(plan.count, "job");
    const cost = plan.cost === null ? "Their cost isn't known." : `They cost ${format.money(plan.cost.all_jobs_hour, plan.cost.currency)} an hour while all run.`;
    const text = element("p", { id: "question" }, element("b", {}, `Submit ${jobs} to ${plan.region}?`), ` ${cost}`);
    const said = element("div", { class: "said" }, text);
    const no = button("Don't Submit", () => { this.stopConfirming(); }, { id: "no" });
    const yes = on(element("button", { type: "button", id: "yes", class: "primary" }, `Submit ${quantity(plan.count, "Job")}`), {
      // The second click of a double click isn't a second decision.
      click: (event) => { if (event.detail < 2) this.answer(plan, plan.over_limits.length > 0 ? typed() : null); },
    });
    let typed = (): number | null => null;
    if (plan.over_limits.length > 0) {
      const input = on(element("input", { type: "text", inputmode: "numeric", autocomplete: "off", id: "count", "aria-labelledby": "how" }), {
        input: () => { yes.disabled = typed() !== plan.count; },
        keydown: (event) => { if (event.key === "Enter" && !yes.disabled) this.answer(plan, typed()); },
      });
      typed = () => (/^\d[\d,]*$/.test(input.value.trim()) ? Number(input.value.replaceAll(",", "")) : null);
      yes.disabled = true;
      const over = plan.over_limits.map(({ message }) => message).join("; ");
      said.append(element("p", { class: "limit", id: "how" }, `${over}. Type the number of jobs to submit them anyway: `, input));
    }
    const bar = element("div", { class: "bar", role: "alertdialog", "aria-labelledby": "question" }, said, no, yes);
    return on(bar, { keydown: (event) => { if (event.key === "Escape") this.stopConfirming(); } });
  }

  private answer(plan: PlanHead, typed: number | null): void {
    if (!this.isConfirming || this.phase.name !== "planned") return;
    this.isConfirming = false;
    this.setPhase({ name: "working", what: "Submitting", message: "", percentage: 0 });
    this.post({ kind: "submit", typed: plan.over_limits.length > 0 ? typed : null });
  }

  private stopConfirming(): void {
    this.isConfirming = false;
    this.draw();
    this.focus();
  }

  private working(phase: Phase & { name: "working" }): HTMLElement {
    const text = element("p", { role: "status" }, element("b", {}, phase.what), " ", element("span", { id: "progress" }));
    const bar = element("progress", { max: "100", "aria-label": phase.what });
    const cancel = button("Cancel", () => {
      cancel.disabled = true;
      this.post({ kind: "cancel" });
    });
    return element("div", { class: "bar" }, element("div", { class: "said" }, text, bar), cancel);
  }

  private updateProgress(): void {
    if (this.phase.name !== "working") return;
    const { message, percentage } = this.phase;
    const text = this.root.querySelector("#progress");
    if (text !== null) text.textContent = message;
    const bar = this.root.querySelector("progress");
    if (percentage > 0) bar?.setAttribute("value", String(percentage));
  }

  private unsure(plan: PlanHead): HTMLElement {
    const text = element("p", { role: "status", id: "outcome" }, element("b", {}, "It isn't known yet which jobs were sent"), ` of ${plan.group}; the page asks the history as soon as the language server answers.`);
    const ask = button("Ask Again", () => { this.post({ kind: "askAgain" }); }, { class: "primary" });
    return element("div", { class: "bar" }, element("div", { class: "said" }, text), ask);
  }

  private submitted(plan: PlanHead, phase: Phase & { name: "submitted" }): HTMLElement {
    const of = Object.values(phase.counts).reduce((sum, amount) => sum + amount, 0);
    const some = phase.sent === 0 ? "No job was sent" : `${phase.sent.toLocaleString("en-US")} of ${quantity(of, "job")} were sent`;
    const whole = phase.resumable ? "Not all jobs are sent" : phase.sent === of ? `${quantity(of, "job")} submitted` : some;
    const text = element("p", { role: "status", id: "outcome" }, element("b", {}, whole), ` as ${plan.group}: ${format.states(phase.counts)}`);
    const resume = phase.resumable ? button("Resume", () => { this.post({ kind: "resume" }); }, { class: "primary" }) : undefined;
    return element(
      "div",
      { class: "bar" },
      element("div", { class: "said" }, text),
      button("Plan Again", () => { this.post({ kind: "planAgain" }); }, { id: "plan-again" }),
      button("Refresh States", () => { this.post({ kind: "refresh" }); }),
      button("Show Jobs", () => { this.post({ kind: "showJobs" }); }, phase.resumable ? {} : { class: "primary" }),
      resume,
    );
  }
}

function problemOf({ message, hint }: Problem): HTMLElement {
  const text = /[.!?]$/.test(message) ? message : `${message}.`;
  return element("p", { class: "problem", role: "alert" }, `${text} ${hint}`.trim());
}
