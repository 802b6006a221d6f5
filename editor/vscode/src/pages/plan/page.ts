// The script of a plan's page: shows the messages of the extension, and sends the user's actions to it.

import "./page.css";
import { quantity } from "../../format";
import { button, element, on } from "./dom";
import { showHeading, showNotes } from "./heading";
import type { Finding, FromPage, PlanHead, ToPage } from "./messages";
import { ParallelCoordinates } from "./parallelCoordinates";
import { RequestPane } from "./request";
import { filterOf, type PlanRow, rowOf } from "./rows";
import { Submission } from "./submission";
import { Table } from "./table";

declare function acquireVsCodeApi(): { postMessage(message: FromPage): void };

const vscode = acquireVsCodeApi();
const say = (message: FromPage): void => { vscode.postMessage(message); };

let plan: PlanHead | undefined;
let columns: readonly string[] = [];
let rows: PlanRow[] = [];
let places = new Map<number, number>(); // by the jobs' indices
let findings: readonly Finding[] = [];
let generation = -1;

const heading = element("header");
const notes = element("ul", { class: "notes", "aria-label": "Notes and findings" });
const search = on(
  element("input", { type: "search", class: "search", placeholder: "Filter: words, lr<=0.01, model=cnn", "aria-label": "Filter the jobs", spellcheck: "false" }),
  { input: () => { filter(); } },
);
const repeats = on(element("input", { type: "checkbox", id: "repeats" }), { change: () => { filter(); } });
const onlyRepeats = element("label", { class: "toggle", for: "repeats" }, repeats, element("span", {}, ""));
const tally = element("span", { class: "counted", role: "status" });
const clear = button("", () => { picture.clear(); }, { class: "chip" });
const toolbar = element("div", { class: "toolbar" }, search, onlyRepeats, clear, tally);

const table: Table = new Table({
  open: (place) => { open(place); },
  hover: (place) => { picture.highlight(place === undefined ? [] : [place]); },
  changed: (seen) => { count(seen); },
});
const picture: ParallelCoordinates = new ParallelCoordinates({
  hover: (seen) => { table.mark(seen); },
  brush: () => { filter(); },
  named: (column) => { table.sort(column); },
});
const sweep = element("details", { class: "sweep", open: "" }, element("summary", {}, "Sweep"), picture.root);
const request = new RequestPane(say, () => {
  jobs.classList.remove("split");
  table.root.focus();
});
const jobs = element("div", { class: "jobs" }, table.root, request.root);
const submission = new Submission(say);

document.querySelector("#page")?.append(heading, notes, submission.root, sweep, toolbar, jobs);

window.addEventListener("message", ({ data }: MessageEvent<ToPage>) => { heard(data); });
say({ kind: "ready" });

function heard(message: ToPage): void {
  switch (message.kind) {
    case "plan":
      ({ plan, columns, generation } = message);
      rows = [];
      places = new Map();
      showHeading(heading, plan, say);
      showNotes(notes, plan.notes, findings, say);
      request.close();
      submission.show(plan);
      showRows();
      break;
    case "rows":
      if (message.generation !== generation) break;
      for (const data of message.rows) {
        places.set(data[0], rows.length);
        rows.push(rowOf(data));
      }
      if (rows.length === plan?.count) showRows();
      break;
    case "states":
      if (message.generation !== generation) break;
      for (const [index, state, console, error] of message.states) {
        const row = rows[places.get(index) ?? -1];
        if (row !== undefined) Object.assign(row, { state, console, error });
      }
      table.renew({ states: true });
      request.renew();
      break;
    case "phase":
      submission.setPhase(message.phase);
      break;
    case "findings":
      findings = message.findings;
      showNotes(notes, plan?.notes ?? [], findings, say);
      break;
    case "request":
      request.show(message.index, message.text);
      break;
    case "copied":
      request.copied();
      break;
    case "edited":
      submission.noteEdit();
      break;
    case "focusSubmit":
      window.focus();
      submission.focus();
  }
}

/** Show all jobs, after the last chunk. */
function showRows(): void {
  const repeated = rows.filter(({ sameAs }) => sameAs !== null).length;
  repeats.checked = false;
  onlyRepeats.hidden = repeated === 0;
  onlyRepeats.lastChild?.replaceWith(`Only repeats (${repeated.toLocaleString("en-US")})`);
  search.value = "";
  table.renew({ states: false });
  table.show(rows, columns);
  picture.show(rows, columns);
  sweep.hidden = picture.isEmpty;
  filter();
}

function filter(): void {
  const wanted = filterOf(search.value, columns);
  const again = new Set(repeats.checked ? rows.flatMap(({ sameAs, index }) => (sameAs === null ? [] : [sameAs, index])) : []);
  table.setFilter((row) => wanted(row) && (!repeats.checked || again.has(row.index)) && picture.has(places.get(row.index) ?? 0));
  clear.hidden = picture.chosen.length === 0;
  clear.textContent = `${picture.chosen.join(", ")} chosen ✕`;
  clear.setAttribute("aria-label", "Clear the ranges chosen in the chart");
}

function count(seen: readonly number[]): void {
  const all = quantity(rows.length, "job");
  tally.textContent = seen.length === rows.length ? all : `${seen.length.toLocaleString("en-US")} of ${all}`;
  picture.choose([...seen].sort((one, other) => one - other));
}

function open(place: number): void {
  const row = rows[place];
  if (row === undefined) return;
  jobs.classList.add("split");
  request.open(row);
}
