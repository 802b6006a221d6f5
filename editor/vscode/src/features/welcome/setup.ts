// What the outcome of a call tells of this machine, and which steps of the walkthrough that makes. Pure.

/** Whether something that runs need is there. */
export type Availability = "unknown" | "ok" | "missing";

/** What a call has told; what it says nothing of is left out. */
export interface SetupFacts {
  readonly engine?: Availability;
  readonly credentials?: Availability;
  /** A local run of every job succeeded. */
  readonly ran?: true;
}

/** What came of a call: its answer, or why there was none. */
export interface CallOutcome {
  readonly result?: unknown;
  readonly error?: unknown;
}

/** Commands that can't succeed without a container engine. */
const ON_ENGINE = new Set(["build", "shell", "notebook", "containers", "attach"]);

/** Commands that can't succeed without somebody's credentials for Google. */
const AT_GOOGLE = new Set(["submit", "planAndSubmit", "resubmit", "resume"]);

/** Each step of the walkthrough, and what is known once it is done. */
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

/** Return the steps of the walkthrough that are done, as far as is known. */
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
