import { expect, it } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { completedSteps, factsOf } from "../src/features/welcome/setup";

const check = (name: string, status: string) => ({ name, status, message: "", hint: "" });

it.each([
  [{ name: "run", argument: {}, error: { code: "engine-unavailable" } }, { engine: "missing" }],
  [{ name: "run", argument: {}, error: { code: "invalid-document" } }, {}],
  [{ name: "build", argument: {}, result: {} }, { engine: "ok" }],
  [{ name: "plan", argument: {}, result: {} }, {}],
  [{ name: "submit", argument: {}, result: {} }, { credentials: "ok" }],
  [{ name: "run", argument: {}, result: { jobs: [{ state: "SUCCEEDED" }] } }, { engine: "ok", ran: true }],
  [{ name: "run", argument: {}, result: { jobs: [{ state: "SUCCEEDED" }, { state: "FAILED" }] } }, { engine: "ok" }],
  [{ name: "run", argument: {}, result: { jobs: [] } }, { engine: "ok" }],
  [{ name: "run", argument: { dry_run: true }, result: { jobs: [{ state: "PLANNED" }] } }, {}],
  [
    { name: "doctor", argument: {}, result: { checks: [check("Docker engine", "failure"), check("Credentials", "ok")] } },
    { engine: "missing", credentials: "ok" },
  ],
  [
    { name: "doctor", argument: {}, result: { checks: [check("Docker engine", "ok"), check("Credentials", "warning")] } },
    { engine: "ok", credentials: "missing" },
  ],
])("derives facts from a call: %#", (call, known) => {
  const { name, argument, ...outcome } = call;
  expect(factsOf(name, argument, outcome)).toEqual(known);
});

it.each([
  [{ ready: true, engine: "missing", hasSoundExperiment: false }, ["ready"]],
  [{ engine: "ok", credentials: "unknown", hasSoundExperiment: true }, ["engine", "experiment"]],
  [{ ready: true, engine: "ok", hasSoundExperiment: true, ran: true, credentials: "ok" }, steps()],
])("knows the completed steps of the walkthrough: %#", (known, wanted) => {
  expect(completedSteps(new Map(Object.entries(known)))).toEqual(wanted);
});

/** The steps of the walkthrough, each of which waits for its own key. */
function steps(): string[] {
  return manifest.contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps).map(({ id, completionEvents }) => {
    expect(completionEvents).toEqual([`onContext:caliban.steps.${id}`]);
    return id;
  });
}
