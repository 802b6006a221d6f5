// The plan's page: order, filters, scales, curves, and which rows exist.

import { describe, expect, test } from "vitest";
import { allowedArguments, chunks, columnsOf, countsOf, headOf, requestText, rowsOf } from "../src/features/plans/pageData";
import { pageHtml } from "../src/features/plans/pageHtml";
import { quantity } from "../src/format";
import * as words from "../src/pages/plan/format";
import { crossings, curveHeight, isInBrushes, nearestSegment, segments } from "../src/pages/plan/lines";
import type { Value } from "../src/pages/plan/messages";
import { filterOf, type PlanRow, rowOf, type RowOrder, sortRows, widths } from "../src/pages/plan/rows";
import { axisOf, powers, round, UNSET } from "../src/pages/plan/scales";
import { rowsPerPage, scrollTopFor, visibleRows } from "../src/pages/plan/viewport";
import type { CloudJob, CloudResult } from "../src/protocol";

const COLUMNS = ["lr", "model"];

function rows(...values: Value[][]): PlanRow[] {
  return values.map((of, place) => rowOf([place + 1, null, ...of]));
}

const SWEEP = rows([0.1, "cnn10"], [1e-4, "cnn2"], [null, "mlp"], [0.01, "CNN2"]);

describe("order", () => {
  const cases: [RowOrder["by"], boolean, number[]][] = [
    ["index", true, [3, 2, 1, 0]],
    [0, false, [1, 3, 0, 2]],
    [0, true, [0, 3, 1, 2]], // unset values are last in both directions
    [1, false, [1, 3, 0, 2]],
    ["state", false, [0, 1, 2, 3]], // the sort is stable
  ];
  test.each(cases)("by %s, reversed: %s", (by, down, wanted) => {
    expect(sortRows(SWEEP, [0, 1, 2, 3], { by, down })).toEqual(wanted);
  });

  test("numbers come before texts, and texts are in natural order", () => {
    const mixed = rows(["x10"], [2], ["x9"], [true], [10]);
    expect(sortRows(mixed, [0, 1, 2, 3, 4], { by: 0, down: false })).toEqual([1, 4, 3, 2, 0]);
  });
});

describe("filter", () => {
  const cases: [string, number[]][] = [
    ["", [1, 2, 3, 4]],
    ["cnn", [1, 2, 4]],
    ["lr<=0.01", [2, 4]],
    ["LR>1e-3", [1, 4]],
    ["lr!=0.1", [2, 3, 4]],
    ["model=cnn2", [2, 4]],
    ["model=cnn2 lr<0.001", [2]],
    ["lr=", []],
    ["3", [3]],
    ["nothing=1", []],
    ["planned", [1, 2, 3, 4]],
  ];
  test.each(cases)("%j", (text, wanted) => {
    expect(SWEEP.filter(filterOf(text, COLUMNS)).map(({ index }) => index)).toEqual(wanted);
  });
});

describe("scales", () => {
  test("a parameter that doesn't vary has no axis", () => {
    expect(axisOf("lr", 0, [0.1, 0.1])).toBeUndefined();
  });

  test("orders of magnitude are evenly spaced", () => {
    const axis = axisOf("lr", 0, [1e-4, 1e-2, 1e-3, null]);
    expect(axis?.kind).toBe("log");
    expect([1e-4, 1e-3, 1e-2].map((value) => axis?.at(value))).toEqual([0, expect.closeTo(0.5), 1]);
    expect(axis?.at(null)).toBe(UNSET);
    expect(axis?.ticks.map(({ label }) => label)).toEqual(["not set", "0.0001", "0.001", "0.01"]);
  });

  test.each([[[8, 16, 32]], [[-1, 0, 1000]], [[0, 1, 1000]]])("%j is linear", (values) => {
    const axis = axisOf("n", 0, values);
    expect(axis?.kind).toBe("linear");
    expect(axis?.at(Math.min(...values))).toBe(0);
    expect(axis?.at(Math.max(...values))).toBe(1);
  });

  test("each text and boolean has a place", () => {
    const axis = axisOf("model", 0, ["cnn10", "mlp", "cnn2"]);
    expect(axis?.kind).toBe("categories");
    expect(axis?.ticks).toEqual([{ at: 0, label: "cnn2" }, { at: 0.5, label: "cnn10" }, { at: 1, label: "mlp" }]);
    expect(axisOf("bare", 0, [true, false])?.kind).toBe("categories");
    expect(axisOf("mixed", 0, [1, "auto"])?.at("auto")).toBe(1);
    expect(axisOf("once", 0, [7, null])?.ticks.map(({ label }) => label)).toEqual(["not set", "7"]);
  });

  test("ticks are round numbers and both ends", () => {
    expect(powers(0.0002, 5)).toEqual([0.0002, 0.001, 0.01, 0.1, 1, 5]);
    expect(round(0, 2999)).toEqual([0, 1000, 2000, 2999]);
    expect(round(0.1, 0.3)).toEqual([0.1, 0.15, 0.2, 0.25, 0.3]);
  });
});

describe("curves", () => {
  const axes = [axisOf("lr", 0, [0, 1]), axisOf("n", 1, [0, 10])].filter((axis) => axis !== undefined);
  const jobs = [...rows([0, 10], [1, 0], [0, 10]).slice(0, 2), rowOf([3, 1, 0, 10])];
  const crossed = crossings(jobs, axes);

  test("jobs with the same values share a curve", () => {
    const [lines] = segments(jobs, crossed, [0, 1, 2]);
    expect(lines).toEqual([
      { from: 0, to: 1, places: [0, 2], repeats: true },
      { from: 1, to: 0, places: [1], repeats: false },
    ]);
  });

  test("a single axis has points", () => {
    expect(segments(jobs, crossed.slice(0, 1), [0, 1, 2])[0]?.map(({ from, to }) => [from, to])).toEqual([[0, 0], [1, 1]]);
  });

  test("the nearest curve within reach is found where it is drawn", () => {
    expect([0, 0.5, 1].map(curveHeight)).toEqual([expect.closeTo(0), expect.closeTo(0.5), expect.closeTo(1)]);
    const lines = segments(jobs, crossed, [0, 1, 2])[0] ?? [];
    expect(nearestSegment(lines, 0.1, 0.02, 0.05)?.places).toEqual([0, 2]);
    expect(nearestSegment(lines, 0.9, 0.02, 0.05)?.places).toEqual([1]);
    expect(nearestSegment(lines, 0.1, 0.5, 0.05)).toBeUndefined();
  });

  test("a job is chosen if it is in all brushes", () => {
    const chosen = (ranges: [number, { low: number; high: number }][]) => [0, 1, 2].filter((place) => isInBrushes(crossed, new Map(ranges), place));
    expect(chosen([])).toEqual([0, 1, 2]);
    expect(chosen([[0, { low: -0.1, high: 0.4 }]])).toEqual([0, 2]);
    expect(chosen([[0, { low: -0.1, high: 0.4 }], [1, { low: 0, high: 0.5 }]])).toEqual([]);
  });
});

describe("rows on the screen", () => {
  const view = { top: 2400, height: 240, row: 24, total: 10_000 };
  test("only the visible rows exist", () => {
    expect(visibleRows(view, 8)).toEqual({ first: 92, end: 118 });
    expect(visibleRows({ ...view, top: 0 }, 8)).toEqual({ first: 0, end: 18 });
    expect(visibleRows({ ...view, top: 1e9 }, 8)).toEqual({ first: 9992, end: 10_000 });
    expect(visibleRows({ ...view, total: 0 }, 8)).toEqual({ first: 0, end: 0 });
  });

  test("scrolling moves no further than needed to show a row", () => {
    expect(scrollTopFor(view, 105)).toBe(2400);
    expect(scrollTopFor(view, 99)).toBe(2376);
    expect(scrollTopFor(view, 110)).toBe(2424);
    expect(rowsPerPage(view)).toBe(9);
  });

  test("columns are as wide as their content, within bounds", () => {
    expect(widths(COLUMNS, rows([0.1, "x".repeat(99)]))).toEqual([6, 40]);
  });
});

describe("pieces", () => {
  const job = (index: number, parameters: Record<string, unknown>, same_as: number | null = null): CloudJob => ({
    index, parameters, same_as, job_id: `j_${index}`, args: ["--token", "***"], labels: {}, state: "PLANNED", name: null, url: null, error: null, request: { displayName: `j_${index}` },
  });

  test("the page gets only the indices and values of jobs", () => {
    const jobs = [job(1, { lr: 0.1 }), job(2, { model: "cnn", lr: 1 }, 1)];
    const columns = columnsOf(jobs);
    expect(columns).toEqual(["lr", "model"]);
    expect(rowsOf(jobs, columns)).toEqual([[1, null, 0.1, null], [2, 1, 1, "cnn"]]);
    const head = headOf({ count: 2, jobs } as unknown as CloudResult, "experiment.json");
    expect(head).toEqual({ count: 2, source: "experiment.json" });
    expect(JSON.parse(requestText(jobs[0] ?? job(0, {})))).toEqual({ displayName: "j_1" });
  });

  test("a long list is sent in chunks, completely", () => {
    const many = Array.from({ length: 4500 }, (_, place) => place);
    const sent = [...chunks(many)];
    expect(sent.map(({ length }) => length)).toEqual([2000, 2000, 500]);
    expect(sent.flat()).toEqual(many);
  });

  test("raised limits are collected, unless one can't be raised", () => {
    const jobs = { message: "", hint: "", allowed_by: { max_jobs: 3 } };
    const cost = { message: "", hint: "", allowed_by: { max_cost_per_hour: 2.5 } };
    const over = (...over_limits: CloudResult["over_limits"]) => ({ count: 3, over_limits });
    expect(allowedArguments(over(), null)).toEqual({});
    expect(allowedArguments(over(jobs, cost), 3)).toEqual({ max_jobs: 3, max_cost_per_hour: 2.5 });
    expect(allowedArguments(over(jobs, { ...cost, allowed_by: null }), 3)).toBeUndefined();
    for (const typed of [null, 0, 2, 33]) expect(allowedArguments(over(jobs), typed)).toBeUndefined();
  });

  test("states are counted", () => {
    expect(countsOf([job(1, {}), job(2, {}), { ...job(3, {}), state: "FAILED" }])).toEqual({ PLANNED: 2, FAILED: 1 });
  });
});

describe("words", () => {
  test("money", () => {
    expect([0.8663, 2598.9, 0, 1].map((amount) => words.money(amount, "USD"))).toEqual(["0.8663 USD", "2,598.90 USD", "0.00 USD", "1.00 USD"]);
  });

  test("time", () => {
    expect([0.2, 90, 3600, 176_340, 86_400].map(words.duration)).toEqual(["1 second", "1 minute 30 seconds", "1 hour", "2 days", "1 day"]);
  });

  test("numbers of things", () => {
    expect(quantity(1, "job")).toBe("1 job");
    expect(quantity(3000, "job")).toBe("3,000 jobs");
    expect(words.states({ QUEUED: 2, FAILED: 1 })).toBe("2 queued, 1 failed");
  });
});

test("a page runs its own script and nothing else", () => {
  const text = pageHtml({ script: "s.js", style: "s.css", source: "https://x", nonce: "abc" });
  expect(text).toContain("default-src 'none'; style-src https://x; script-src 'nonce-abc'");
  expect(text).not.toMatch(/unsafe|style="|\son\w+=/);
});
