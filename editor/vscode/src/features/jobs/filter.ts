// Which groups and jobs the Jobs view shows. Pure.

/** The criteria; an empty filter shows everything. */
export interface JobFilter {
  readonly state?: readonly string[];
  readonly text?: string;
  readonly backend?: string;
}

/** Return a filter from a command's arguments, without empty criteria. */
export function filterOf(given: Readonly<Record<string, unknown>>): JobFilter {
  const { state, text, backend } = given;
  const states = typeof state === "string" ? [state] : Array.isArray(state) ? state.map(String) : [];
  return {
    ...(states.length > 0 ? { state: states.map((one) => one.toUpperCase()) } : {}),
    ...(typeof text === "string" && text.trim() !== "" ? { text: text.trim() } : {}),
    ...(typeof backend === "string" && backend !== "" ? { backend } : {}),
  };
}

export function isEmpty(filter: JobFilter): boolean {
  return Object.keys(filter).length === 0;
}

/** Return a filter as text. */
export function filterText({ state, text, backend }: JobFilter): string {
  const parts = [state?.map((one) => one.toLowerCase()).join(" or "), text === undefined ? undefined : `“${text}”`, backend];
  return `Shown: ${parts.filter((part) => part !== undefined).join(", ")}`;
}
