import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type QueryStatus, searchActive, searchGroups, searchJobs, searchJobsOf } from "../src/features/jobs/search";
import { searchCombinations } from "../src/features/runs/combinations";
import type { ExpandArguments, StatusArguments, StatusGroup, StatusJob } from "../src/protocol";
import { DEBOUNCE_MILLISECONDS, moreText, type SearchFunction, type SearchResult, TypeaheadSearch } from "../src/search";

describe("a search while the user types", () => {
  beforeEach(() => { vi.useFakeTimers(); });
  afterEach(() => { vi.useRealTimers(); });

  class View {
    readonly log: string[] = [];
    readonly asked: string[] = [];
    readonly answers = new Map<string, (found: SearchResult<string> | Error) => void>();
    readonly ask: SearchFunction<string> = (text) => {
      this.asked.push(text);
      return new Promise((resolve, reject) => {
        this.answers.set(text, (found) => { if (found instanceof Error) reject(found); else resolve(found); });
      });
    };
    readonly search = new TypeaheadSearch(this.ask, {
      busy: (is) => { this.log.push(is ? "busy" : "idle"); },
      found: ({ items }) => { this.log.push(items.join()); },
      failed: (error) => { this.log.push(String(error)); },
    });

    async answer(text: string, found: SearchResult<string> | Error): Promise<void> {
      this.answers.get(text)?.(found);
      await vi.advanceTimersByTimeAsync(0);
    }
  }

  it("asks once, after a pause in typing", async () => {
    const view = new View();
    for (const text of ["r", "ra", "rat "]) view.search.type(text);
    await vi.advanceTimersByTimeAsync(DEBOUNCE_MILLISECONDS - 1);
    expect(view.asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(view.asked).toEqual(["rat"]);
    await view.answer("rat", { items: ["rate"] });
    expect(view.log).toEqual(["busy", "busy", "busy", "rate", "idle"]);
  });

  it("drops the answer to an older text, however late it comes", async () => {
    const view = new View();
    view.search.type("old");
    await vi.advanceTimersByTimeAsync(DEBOUNCE_MILLISECONDS);
    view.search.type("new");
    await view.answer("old", { items: ["wrong"] });
    await vi.advanceTimersByTimeAsync(DEBOUNCE_MILLISECONDS);
    await view.answer("new", { items: ["right"] });
    view.search.type("last");
    await vi.advanceTimersByTimeAsync(DEBOUNCE_MILLISECONDS);
    view.search.type("again");
    await vi.advanceTimersByTimeAsync(DEBOUNCE_MILLISECONDS);
    await view.answer("again", { items: ["again"] });
    await view.answer("last", new Error("too late"));
    expect(view.log.filter((word) => word !== "busy")).toEqual(["right", "idle", "again", "idle"]);
  });

  it("reports errors, and ignores answers after its end", async () => {
    const view = new View();
    view.search.type("a");
    await vi.advanceTimersByTimeAsync(DEBOUNCE_MILLISECONDS);
    await view.answer("a", new Error("no server"));
    expect(view.log).toEqual(["busy", "Error: no server", "idle"]);
    view.search.type("b");
    view.search.end();
    await vi.advanceTimersByTimeAsync(DEBOUNCE_MILLISECONDS);
    expect(view.asked).toEqual(["a"]);
  });
});

describe("the text about further matches", () => {
  it("counts them", () => {
    expect(moreText([0, "more job"], [0, "older group"])).toBeUndefined();
    expect(moreText([2980, "more job"], [1, "older group"])).toBe("2,980 more jobs and 1 older group: type to narrow");
  });
});

/** Answers like the server: the newest groups with matching jobs, and how many more there are. */
function server(groups: readonly StatusGroup[]): QueryStatus & { calls: StatusArguments[] } {
  const calls: StatusArguments[] = [];
  const known: QueryStatus = (asked) => {
    calls.push(asked);
    const has = (group: StatusGroup, job: StatusJob) =>
      `${group.title} ${job.args.join(" ")}`.includes(asked.text ?? "") && (asked.state === undefined || asked.state.includes(job.state));
    const fit = groups
      .filter(({ name }) => asked.reference === undefined || asked.reference === name)
      .map((group) => ({ ...group, jobs: group.jobs.filter((job) => has(group, job)) }))
      .filter(({ jobs }) => jobs.length > 0 || asked.reference !== undefined)
      .map((group) => ({ ...group, count: group.jobs.length, jobs: group.jobs.slice(0, asked.jobs ?? undefined) }));
    const shown = fit.slice(0, asked.limit ?? 20);
    return Promise.resolve({ groups: shown, more: fit.length - shown.length });
  };
  return Object.assign(known, { calls });
}

function group(number: number, jobs: number, more: Partial<StatusGroup> & { state?: string } = {}): StatusGroup {
  const { state = "FAILED", ...rest } = more;
  const name = `group_${number}`;
  return {
    name, title: `night ${number}`, backend: "vertex", folder: "/f", created: "2026-11-27T20:00:00+00:00", project_id: null, region: null,
    machine_type: null, accelerator: null, spot: false, image: null, count: jobs, states: { [state]: jobs }, gone: 0,
    all_states: { [state]: jobs }, going: state === "RUNNING" ? jobs : 0, unsent: 0, hours: 0, cost: null,
    jobs: Array.from({ length: jobs }, (_, index) => ({
      job_id: `${name}_${index + 1}`, index: index + 1, name: null, state, args: ["--rate", `0.${number}_${index + 1}`],
      created: "2026-11-27T20:00:00+00:00", started: null, ended: null, url: null, exit_code: null, seconds: null, metrics: {}, error: null,
      gone: false, command: null,
    })),
    ...rest,
  };
}

describe("jobs and groups", () => {
  const HISTORY = Array.from({ length: 30 }, (_, number) => group(30 - number, 100));

  it("lists the newest jobs and says how many more there are", async () => {
    const { items, more } = await searchJobs(server(HISTORY), "");
    expect([items.length, items[0]?.reference]).toEqual([1000, "group_30_1"]);
    expect(more).toBe("1,000 more jobs and 10 older groups: type to narrow");
  });

  it("finds the last job of the oldest group", async () => {
    const { items, more } = await searchJobs(server(HISTORY), "rate 0.1_100");
    expect([items.map(({ reference }) => reference), more]).toEqual([["group_1_100"], undefined]);
  });

  it("finds jobs of one group alone", async () => {
    const large = server([group(2, 3000), group(1, 3000)]);
    expect((await searchJobsOf(large, "group_1", "")).more).toBe("2,000 more jobs: type to narrow");
    expect((await searchJobsOf(large, "group_1", "_2999")).items.map(({ reference }) => reference)).toEqual(["group_1_2999"]);
  });

  it("goes on until enough groups fit", async () => {
    const groups = Array.from({ length: 300 }, (_, number) => group(300 - number, 1, { backend: number < 290 ? "local" : "vertex" }));
    const known = server(groups);
    const { items, more } = await searchGroups(known, "", { state: ["FAILED"] }, ({ backend }) => backend !== "local");
    expect([items.length, items[0]?.reference, more]).toEqual([10, "group_10", undefined]);
    expect(known.calls.every(({ state }) => state?.[0] === "FAILED")).toBe(true);
  });

  it("lists a matching job's group with the states of all its jobs", async () => {
    const { items } = await searchActive(server([group(2, 3), group(1, 200, { state: "RUNNING" })]), "1_77");
    expect(items.map(({ reference }) => reference)).toEqual(["group_1", "group_1_77"]);
    expect(items[0]?.group.states).toEqual({ RUNNING: 200 });
    expect((await searchActive(server([group(1, 1, { state: "RUNNING" })]), "")).items.map(({ reference }) => reference)).toEqual(["group_1"]);
  });
});

describe("the jobs of a sweep", () => {
  const expand = (total: number) => ({ limit, text }: Pick<ExpandArguments, "limit" | "text">) => {
    const all = Array.from({ length: Math.min(total, 5000) }, (_, at) => ({ index: at + 1, args: ["--n", String(at)], parameters: {} }));
    const fit = all.filter(({ args }) => args.join(" ").includes(text ?? ""));
    return Promise.resolve({ count: text ? fit.length : total, jobs: fit.slice(0, limit ?? undefined) });
  };

  it("are searched beyond those that are listed", async () => {
    const ask = expand(5000);
    const whole = await ask({ limit: 1000 });
    expect((await searchCombinations(ask, whole, "")).more).toBe("4,000 more jobs: type to narrow");
    const found = await searchCombinations(ask, whole, "n 4321");
    expect(found.items.map(({ index }) => index)).toEqual([4322]);
    expect(found.more).toBeUndefined();
  });

  it("say so if there are too many to search", async () => {
    const ask = expand(200_000);
    const found = await searchCombinations(ask, await ask({ limit: 1000 }), "n 4321");
    expect(found.more).toBe("199,000 more jobs: put the cursor on a value to list its jobs");
    expect(found.items[0]?.alwaysShow).toBe(false);
  });
});
