// The text of a diagnostic report: the facts that a maintainer needs, and no secrets.

/** The facts of a report. */
export interface ReportFacts {
  /** Names and versions, in this order. */
  readonly versions: readonly (readonly [name: string, version: string])[];
  readonly state: string;
  readonly server: string;
  readonly trusted: boolean;
  /** The number of open folders, and their URI schemes. */
  readonly folders: string;
  /** The settings that aren't the defaults. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly lastProblem: string;
  /** The doctor's checks or its error; undefined if it wasn't called. */
  readonly doctor?: readonly { readonly name: string; readonly status: string; readonly message: string }[] | string;
}

/** Return the report, as Markdown, with the user's home folder written as `~`. */
export function diagnosticReport(facts: ReportFacts, home: string): string {
  const settings = Object.entries(facts.settings).map(([name, value]) => `- \`${name}\`: \`${JSON.stringify(value)}\``);
  const lines = [
    "## Caliban",
    "",
    ...facts.versions.map(([name, version]) => `- ${name}: ${version}`),
    `- Server: ${facts.state}; ${facts.server}`,
    `- Folders: ${facts.folders}, ${facts.trusted ? "trusted" : "not trusted"}`,
    `- Last problem: ${facts.lastProblem}`,
    "",
    "### Settings",
    "",
    ...(settings.length === 0 ? ["- all defaults"] : settings),
    "",
    "### Doctor",
    "",
    ...doctor(facts),
    "",
  ];
  return withoutHome(lines.join("\n"), home);
}

function doctor({ doctor: found, trusted }: ReportFacts): string[] {
  if (!trusted) return ["- not asked, since the folder isn't trusted"];
  if (found === undefined) return ["- not asked, since the server doesn't run"];
  if (typeof found === "string") return [`- ${found}`];
  return found.map(({ name, status, message }) => `- ${status}: ${name}: ${message.replaceAll("\n", " ")}`);
}

function withoutHome(text: string, home: string): string {
  return home === "" || home === "/" ? text : text.replaceAll(home, "~");
}
