// The head of the page: the jobs, the hardware, the cost, and other facts to check before submitting.

import { quantity } from "../../format";
import { element, on } from "./dom";
import * as format from "./format";
import type { Finding, FromPage, PlanHead } from "./messages";

type PostMessage = (message: FromPage) => void;

/** Show a plan's head in an element. */
export function showHeading(into: HTMLElement, plan: PlanHead, say: PostMessage): void {
  const link = on(element("button", { type: "button", class: "link", title: "Open the file" }, plan.source), {
    click: () => { say({ kind: "openFile" }); },
  });
  const gpu = plan.accelerator === null ? [] : [`${plan.accelerator.count}×${plan.accelerator.type}`];
  const machine = [plan.machine_type, ...gpu, plan.region].join(" · ");
  const kinds = [plan.backend_title, ...(plan.spot ? ["spot"] : []), ...(plan.flex_start ? ["flex-start"] : [])];
  const title = element(
    "div",
    { class: "title" },
    element("h1", {}, element("b", {}, quantity(plan.count, "job")), element("span", {}, " × "), element("span", { class: "machine" }, machine)),
    element("p", { class: "source" }, ...kinds.map((kind) => element("span", { class: "kind" }, kind)), link),
  );
  into.replaceChildren(element("div", { class: "top" }, title, cost(plan)), facts(plan));
}

function cost(plan: PlanHead): HTMLElement {
  if (plan.cost === null) {
    return element("div", { class: "cost" }, element("b", {}, "Price not known"));
  }
  const { per_job_hour, all_jobs_hour, currency, as_of } = plan.cost;
  return element(
    "div",
    { class: "cost" },
    element("b", { id: "all" }, format.money(all_jobs_hour, currency)),
    element("span", {}, " an hour, while all run"),
    element("p", {}, element("span", { id: "each" }, `${format.money(per_job_hour, currency)} per job and hour`), ` · prices of ${as_of}`),
  );
}

function facts(plan: PlanHead): HTMLElement {
  const list = element("dl", { class: "facts" });
  const add = (name: string, value: string, attributes: Readonly<Record<string, string>> = {}): void => {
    list.append(element("div", attributes, element("dt", {}, name), element("dd", { title: value }, value)));
  };
  const quotas = plan.quotas.map(({ of, needed, granted }) => {
    const free = granted === null ? "" : `; new projects are granted ${granted.toLocaleString("en-US")}`;
    const value = `${needed.toLocaleString("en-US")} ${of}${free}`;
    return element("dd", { title: value, ...(granted !== null && needed > granted ? { class: "tight" } : {}) }, value);
  });
  add("Project", plan.project_id);
  add("Module", plan.module ?? "the image's own command");
  add("Runs as", plan.service_account ?? "Google's own service agent");
  if (quotas.length > 0) list.append(element("div", {}, element("dt", {}, "Quota"), ...quotas));
  add("Ends", plan.timeout === null ? "at the service's own limit" : `after ${format.duration(plan.timeout)}, at the latest`);
  add("Launch", plan.group);
  add("Image", plan.image, { class: "wide" });
  return list;
}

/** Show notes of the plan and findings of the file in an element. */
export function showNotes(into: HTMLElement, notes: readonly string[], findings: readonly Finding[], say: PostMessage): void {
  const items = findings.map(({ severity, message, code, line }) => {
    const go = on(element("button", { type: "button", class: "link" }, `line ${line}`), {
      click: () => { say({ kind: "openFinding", line }); },
    });
    return element("li", { class: severity }, message, code === "" ? undefined : element("code", {}, code), go);
  });
  into.replaceChildren(...items, ...notes.map((note) => element("li", { class: "note" }, note)));
  into.hidden = into.childElementCount === 0;
}
