import { expect, it } from "vitest";
import { doctorPage, LINKS, rulePage, verdict } from "../src/features/diagnosis/pages";
import type { DoctorCheck } from "../src/protocol";

const fine: DoctorCheck = { name: "Python", status: "ok", message: "3.12", hint: "" };
const odd: DoctorCheck = { name: "Credentials", status: "warning", message: "none", hint: "Run `gcloud auth login`." };
const bad: DoctorCheck = { name: "Experiments", status: "failure", message: "errors in <b>.json", hint: "" };

it.each([
  [[fine], "All is well"],
  [[fine, odd], "All works; one thing is worth a look"],
  [[odd, odd], "All works; 2 things are worth a look"],
  [[odd, bad], "One thing is missing or broken"],
  [[bad, bad], "2 things are missing or broken"],
])("sums up in a sentence: %#", (checks, said) => {
  expect(verdict(checks)).toBe(said);
});

it("shows failures first, with fixes", () => {
  const shown = doctorPage("/p", [fine, odd, bad]);
  expect([...shown.matchAll(/>([✗!✓])</g)].map(([, mark]) => mark)).toEqual(["✗", "!", "✓"]);
  expect(shown).toContain("<code>gcloud auth login</code>");
  expect(shown).toContain('href="command:workbench.actions.view.problems"');
});

it("escapes messages", () => {
  const shown = doctorPage("/p/<i>", [bad]);
  expect(shown).not.toMatch(/<b>|<i>/);
  expect(shown).not.toContain("<script");
});

it("links only to commands that it may call", () => {
  const called = [...doctorPage("/p", [fine, odd, bad]).matchAll(/command:([\w.]+)/g)].map(([, command]) => command);
  expect(called.length).toBeGreaterThan(3);
  expect(LINKS).toEqual(expect.arrayContaining(called));
});

it("explains a rule with both examples", () => {
  const rule = { code: "CAL207", name: "row-length", severity: "error", explanation: "Rows.", wrong: '{"a": 1}\n', right: "{}\n" };
  expect(rulePage(rule)).toBe(
    '# CAL207 row-length\n\n*error*\n\nRows.\n\n## Wrong\n\n```jsonc\n{"a": 1}\n```\n\n## Right\n\n```jsonc\n{}\n```\n',
  );
});
