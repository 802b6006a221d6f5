import { expect, test } from "vitest";
import { diagnosticReport } from "../src/features/serverState/report";

const facts = {
  versions: [["VS Code", "1.139.1"], ["Extension", "0.1.0"]] as const,
  state: "running",
  server: "caliban-ls 0.1.0, process 12; the extension's own, with Python 3.12.1 of /home/ada/python",
  trusted: true,
  folders: "1 (file)",
  settings: { "caliban.defaults.region": "us-central1" },
  lastProblem: "none",
  doctor: [{ name: "Docker", status: "failure", message: "no engine\nat /home/ada/docker.sock" }],
};

test("a report has all facts, but not the user's name", () => {
  expect(diagnosticReport(facts, "/home/ada").split("\n")).toEqual([
    "## Caliban",
    "",
    "- VS Code: 1.139.1",
    "- Extension: 0.1.0",
    "- Server: running; caliban-ls 0.1.0, process 12; the extension's own, with Python 3.12.1 of ~/python",
    "- Folders: 1 (file), trusted",
    "- Last problem: none",
    "",
    "### Settings",
    "",
    '- `caliban.defaults.region`: `"us-central1"`',
    "",
    "### Doctor",
    "",
    "- failure: Docker: no engine at ~/docker.sock",
    "",
  ]);
});

test.each([
  [{ trusted: false, doctor: undefined }, "- not asked, since the folder isn't trusted"],
  [{ doctor: undefined }, "- not asked, since the server doesn't run"],
  [{ doctor: "it failed: no answer" }, "- it failed: no answer"],
])("a report names what wasn't checked", (changed, line) => {
  expect(diagnosticReport({ ...facts, ...changed }, "").split("\n")).toContain(line);
});
