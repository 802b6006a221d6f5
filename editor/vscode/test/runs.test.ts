import { describe, expect, it } from "vitest";
import { buildMessage, dryRunText, expansionText, runSummary } from "../src/features/runs/messages";
import { RunOutput } from "../src/features/runs/output";
import type { RunJob } from "../src/protocol";
import type { JobUpdate } from "../src/server/calls";

function job(index: number, state: string, more: Partial<RunJob> = {}): RunJob {
  return { index, job_id: `g_${index}`, args: ["--lr", "0.1"], state, exit_code: null, seconds: null, metrics: {}, error: null, ...more };
}

describe("the summary of a run", () => {
  it.each([
    [[job(1, "SUCCEEDED", { metrics: { accuracy: 0.9 } })], "sweep: 1 job succeeded (accuracy 0.9)", false],
    [[job(1, "SUCCEEDED"), job(2, "SUCCEEDED")], "sweep: all 2 jobs succeeded", false],
    [[job(1, "SUCCEEDED"), job(2, "FAILED", { error: "x" })], "sweep: 1 job succeeded, 1 job failed", true],
    [[job(1, "FAILED", { error: "It exited with 3" })], "sweep: 1 job failed: It exited with 3", true],
    [[job(1, "CANCELLED")], "sweep: 1 job stopped", false],
    [[], "Every job of g succeeded before; nothing was run again.", false],
  ])("%#", (jobs, text, failed) => {
    expect(runSummary("sweep", { group: "g", image: "i", jobs })).toMatchObject({ text, failed });
  });
});

describe("documents", () => {
  it("lists jobs with their numbers, and how many are left out", () => {
    const jobs = [9, 10].map((index) => ({ index, args: index === 9 ? [] : ["--name", "a b"], parameters: {} }));
    expect(expansionText("experiment.json", { count: 1234, jobs })).toBe(
      "# experiment.json: 1,234 jobs\n\n 9  # no flags\n10  --name 'a b'\n\n# … and 1,232 more jobs\n",
    );
    expect(expansionText("experiment.json", { count: 2, jobs })).not.toContain("more");
  });

  it("describes a dry run", () => {
    const text = dryRunText("train.py", { group: "g", image: "caliban/x:1", jobs: [job(1, "PLANNED")] });
    expect(text).toContain("# image   caliban/x:1\n# module  train.py\n\n1  --lr 0.1\n");
  });

  it("says whether the image was built", () => {
    expect(buildMessage({ image_id: "i", tag: "t", cached: true, seconds: 1 })).toBe("The image is up to date: t");
    expect(buildMessage({ image_id: "i", tag: "t", cached: false, seconds: 1 })).toBe("The image is built, in 1.0 s: t");
  });
});

describe("a run's terminal", () => {
  const news = (index: number, state: string): JobUpdate => ({ job: `g_${index}`, index, args: ["--a"], state });
  const plain = (text: string) => text.replaceAll(/\p{Cc}\[\d+m/gu, "");

  it("passes the output of one job on as it is", () => {
    const screen = new RunOutput();
    const log = (text: string) => screen.logChunk({ job: "g_1", offset: 0, text });
    const shown = [screen.jobUpdate(news(1, "RUNNING")), log("10%\r"), log("20%\nend"), screen.jobUpdate(news(1, "SUCCEEDED"))];
    expect(plain(shown.join(""))).toBe("[1] --a\r\n10%\r20%\r\nend\r\n[1] succeeded\r\n");
  });

  it("keeps the lines of concurrent jobs apart", () => {
    const screen = new RunOutput();
    const log = (index: number, text: string) => screen.logChunk({ job: `g_${index}`, offset: 0, text });
    const shown = [
      screen.jobUpdate(news(1, "RUNNING")),
      screen.jobUpdate(news(2, "RUNNING")),
      log(1, "a"),
      log(2, "b\n"),
      log(1, "c\n"),
      log(2, "rest"),
      screen.jobUpdate(news(2, "FAILED")),
    ];
    expect(plain(shown.join(""))).toBe("[1] --a\r\n[2] --a\r\n[2] b\r\n[1] ac\r\n[2] rest\r\n[2] failed\r\n");
  });
});
