import { describe, expect, it } from "vitest";
import { filterOf, filterText, isEmpty } from "../src/features/jobs/filter";
import { PollSchedule } from "../src/features/jobs/polling";
import * as rows from "../src/features/jobs/rows";
import { code, groupTooltip, jobTooltip, plain } from "../src/features/jobs/tooltips";
import type { StatusGroup, StatusJob } from "../src/protocol";

const NOW = Date.parse("2026-11-27T20:05:30Z");

function group(all_states: Record<string, number>, more: Partial<StatusGroup> = {}): StatusGroup {
  const count = Object.values(all_states).reduce((sum, one) => sum + one, 0);
  const live = rows.ACTIVE_STATES.reduce((sum, state) => sum + (all_states[state] ?? 0), 0);
  return {
    name: "digits_1",
    title: "digits",
    backend: "vertex",
    folder: "/home/ada/digits",
    created: "2026-11-27T20:00:00+00:00",
    project_id: "my-project",
    region: "us-central1",
    machine_type: "n1-standard-8",
    accelerator: "1xT4",
    spot: false,
    image: "image:tag",
    count,
    states: all_states,
    gone: 0,
    all_states,
    going: live,
    unsent: 0,
    hours: 0.5,
    cost: { currency: "USD", so_far: 1.234, per_job_hour: 0.87, as_of: "2026-11-01" },
    jobs: [],
    ...more,
  };
}

function job(state: string, more: Partial<StatusJob> = {}): StatusJob {
  return {
    job_id: "digits_1_3",
    index: 3,
    name: "projects/1/customJobs/2",
    state,
    args: ["--name", "a b"],
    created: "2026-11-27T20:00:00+00:00",
    started: null,
    ended: null,
    url: "https://console.cloud.google.com/x",
    exit_code: null,
    seconds: null,
    metrics: {},
    error: null,
    gone: false,
    command: null,
    ...more,
  };
}

describe("rows", () => {
  it.each([
    [group({ RUNNING: 3, FAILED: 1 }), "3 running, 1 failed of 4 · $1.23 · 5 min · n1-standard-8 1xT4"],
    [group({ SUCCEEDED: 1200 }, { spot: true, cost: null }), "1,200 succeeded · cost unknown · 5 min · n1-standard-8 1xT4 spot"],
    [group({ QUEUED: 2 }, { backend: "local", cost: null, machine_type: null, accelerator: null }), "2 queued · 5 min"],
    [group({}, { backend: "local", cost: null, machine_type: null, accelerator: null }), "5 min"],
  ])("describes a group (%#)", (one, text) => {
    expect(rows.groupDescription(one, NOW)).toBe(text);
  });

  it.each([
    [job("RUNNING", { started: "2026-11-27T20:03:30Z" }), "running 2 min"],
    [job("QUEUED"), "queued"],
    [job("SUCCEEDED", { ended: "x", seconds: 90, metrics: { loss: 0.123456789, epoch: 3 } }), "succeeded after 1 min 30 s · loss 0.12346, epoch 3"],
    [job("FAILED", { ended: "x", seconds: 2, error: "Out of luck\nand time" }), "failed after 2.0 s · Out of luck"],
    [job("FAILED", { exit_code: 3 }), "failed · exit code 3"],
    [job("RUNNING", { started: "2026-11-27T20:03:30Z", gone: true }), "running · no longer known to Google"],
    [job("CANCELLED", { error: "It was stopped" }), "cancelled"],
  ])("describes a job (%#)", (one, text) => {
    expect(rows.jobDescription(one, NOW)).toBe(text);
    expect(rows.jobLabel(one)).toBe("3  --name 'a b'");
  });

  it.each([
    [group({ RUNNING: 1, FAILED: 1 }), "play-circle"],
    [group({ QUEUED: 1, SUCCEEDED: 5 }), "history"],
    [group({ FAILED: 1, SUCCEEDED: 5 }), "error"],
    [group({ CANCELLED: 1, SUCCEEDED: 5 }), "circle-slash"],
    [group({ SUCCEEDED: 5 }), "pass"],
    // A job that its service no longer knows isn't shown as running.
    [group({ RUNNING: 1, SUCCEEDED: 5 }, { going: 0, gone: 1 }), "pass"],
    [group({ PLANNED: 2, SUCCEEDED: 5 }, { going: 0, unsent: 2 }), "circle-large-outline"],
    [group({}), "question"],
  ])("shows a group by what matters most of it (%#)", (one, icon) => {
    expect(rows.groupIcon(one).icon).toBe(icon);
  });

  it.each([
    [rows.jobContext(job("RUNNING"), "vertex"), "job live console"],
    [rows.jobContext(job("FAILED"), "vertex"), "job console again"],
    [rows.jobContext(job("FAILED", { url: null }), "local"), "job"],
    [rows.jobContext(job("RUNNING", { gone: true }), "vertex"), "job console"],
    [rows.groupContext(group({ RUNNING: 1, FAILED: 1 })), "group live again"],
    [rows.groupContext(group({ SUCCEEDED: 1 })), "group"],
    [rows.groupContext(group({ PLANNED: 1 }, { going: 0, unsent: 1 })), "group resume"],
    [rows.groupContext(group({ FAILED: 1 }, { backend: "local" })), "group"],
  ])("offers what can be done (%#)", (context, expected) => {
    expect(context).toBe(expected);
  });

  it("counts running and failed jobs of active groups only", () => {
    expect(rows.badge([group({ RUNNING: 2, FAILED: 1 }), group({ FAILED: 7 })])).toEqual({ value: 3, tooltip: "2 jobs running, 1 job failed" });
    expect(rows.badge([group({ FAILED: 7, SUCCEEDED: 1 })])).toBeUndefined();
  });

  it("describes a group's end", () => {
    expect(rows.endMessage(group({ SUCCEEDED: 2, FAILED: 1 }))).toEqual({ text: "digits_1 has ended: 1 failed, 2 succeeded of 3", failed: true });
    expect(rows.endMessage(group({ SUCCEEDED: 2 }))).toEqual({ text: "digits_1 has ended: 2 succeeded", failed: false });
  });
});

describe("tooltips", () => {
  const evil = "![x](https://evil.example/a.png) [run](command:evil) | <img src=x> ``` \n# big";

  it("escapes foreign text, and loads nothing from it", () => {
    const text = jobTooltip(job("FAILED", { error: evil, args: ["--say", "```\n![x](https://evil.example)"] }), group({ FAILED: 1 }, { folder: evil }));
    const outside = text.replace(/````sh\n.*?\n````/s, "");
    expect(outside).not.toBe(text);
    expect(outside).not.toMatch(/!\[|\]\(|<img|https:/);
    expect(groupTooltip(group({ FAILED: 1 }, { image: evil }))).not.toMatch(/!\[|\]\(|<img|https:/);
  });

  it("fences arguments safely, and limits their length", () => {
    expect(code("a ```` b").startsWith("`````sh\n")).toBe(true);
    expect(plain("x".repeat(9000)).length).toBeLessThan(2100);
  });

  it("lists all facts", () => {
    const text = groupTooltip(group({ RUNNING: 1 }));
    for (const part of ["us&#45;central1", "n1&#45;standard&#45;8 1xT4", "0&#46;87 USD an hour", "2026&#45;11&#45;27 20&#58;00&#58;00 UTC", "image&#58;tag"]) expect(text).toContain(part);
    expect(jobTooltip(job("SUCCEEDED", { metrics: { loss: 0.5 }, seconds: 90 }), group({ SUCCEEDED: 1 }))).toContain("| loss | 0&#46;5 |");
  });
});

describe("pace", () => {
  const [none, local, cloud] = [{ local: false, cloud: false }, { local: true, cloud: false }, { local: false, cloud: true }];

  it("asks Google less often while nothing changes, and soon again when something does", () => {
    const pace = new PollSchedule();
    let now = 0;
    const waits: number[] = [];
    for (let look = 0; look < 9; look++) {
      expect(pace.asksGoogle(cloud, now)).toBe(true);
      pace.recordAnswer(false, now);
      const before = now;
      while (!pace.asksGoogle(cloud, now)) now += pace.delay(cloud, now);
      waits.push(now - before);
    }
    expect([...waits].sort((one, other) => one - other)).toEqual(waits);
    expect(waits[0]).toBeLessThan(10_000);
    expect(waits.at(-1)).toBe(60_000);
    pace.recordAnswer(true, now);
    expect(pace.delay(cloud, now)).toBe(5_000);
    pace.recordAnswer(false, now);
    pace.reset();
    expect(pace.asksGoogle(cloud, now)).toBe(true);
  });

  it("never asks Google about local jobs, and reads those more often", () => {
    const pace = new PollSchedule();
    expect(pace.asksGoogle(local, 0)).toBe(false);
    expect(pace.asksGoogle(none, 0)).toBe(false);
    pace.recordAnswer(true, 0);
    expect(pace.delay(local, 0)).toBeLessThan(pace.delay(cloud, 0));
    expect(pace.delay(none, 0)).toBeGreaterThan(pace.delay(cloud, 0));
  });
});

it("makes a filter from arguments, and describes it", () => {
  expect(filterOf({ state: "failed", text: "  ", backend: "" })).toEqual({ state: ["FAILED"] });
  expect(isEmpty(filterOf({ state: [] }))).toBe(true);
  expect(filterText(filterOf({ state: ["failed", "RUNNING"], text: "--lr 0.1", backend: "vertex" }))).toBe("Shown: failed or running, “--lr 0.1”, vertex");
});
