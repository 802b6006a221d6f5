// Derives facts about this machine from the outcomes of calls, and from them the completed steps of the walkthrough. Pure.

/** Whether the engine or the credentials are available. */
export type Availability = "unknown" | "ok" | "missing";

/** The facts that a call shows; others are left out. */
export interface SetupFacts {
  readonly engine?: Availability;
  readonly credentials?: Availability;
  /** All jobs of a local run succeeded. */
  readonly ran?: true;
}

/** A call's result or error. */
export interface CallOutcome {
  readonly result?: unknown;
  readonly error?: unknown;
}

/** Commands that can't succeed without a container engine. */
const ON_ENGINE = new Set(["build", "shell", "notebook", "containers", "attach"]);

/** Commands that can't succeed without Google credentials. */
const AT_GOOGLE = new Set(["submit", "planAndSubmit", "resubmit", "resume"]);

/** Each step of the walkthrough, and the fact that completes it. */
const STEPS: readonly (readonly [step: string, key: string, value: unknown])[] = [
  ["ready", "ready", true],
  ["engine", "engine", "ok"],
  ["experiment", "hasSoundExperiment", true],
  ["run", "ran", true],
  ["cloud", "credentials", "ok"],
];

export function factsOf(name: string, argument: unknown, { result, error }: CallOutcome): SetupFacts {
  if (error !== undefined) return fields(error).code === "engine-unavailable" ? { engine: "missing" } : {};
  if (name === "doctor") return doctorFacts(list(fields(result).checks));
  if (ON_ENGINE.has(name)) return { engine: "ok" };
  if (AT_GOOGLE.has(name)) return { credentials: "ok" };
  if (name !== "run" || fields(argument).dry_run === true) return {};
  const states = list(fields(result).jobs).map(({ state }) => state);
  const all = states.length > 0 && states.every((state) => state === "SUCCEEDED");
  return all ? { engine: "ok", ran: true } : { engine: "ok" };
}

/** Return the completed steps of the walkthrough. */
export function completedSteps(known: ReadonlyMap<string, unknown>): string[] {
  return STEPS.filter(([, key, value]) => known.get(key) === value).map(([step]) => step);
}

function doctorFacts(checks: readonly Record<string, unknown>[]): SetupFacts {
  const known = (name: string, well: readonly unknown[]): Availability => {
    const check = checks.find((one) => one.name === name);
    return check === undefined ? "unknown" : well.includes(check.status) ? "ok" : "missing";
  };
  return { engine: known("Docker engine", ["ok", "warning"]), credentials: known("Credentials", ["ok"]) };
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(fields) : [];
}
