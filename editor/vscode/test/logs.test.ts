import { expect, it } from "vitest";
import { jobReference, logPath } from "../src/features/logs/paths";
import { LogText } from "../src/features/logs/text";

function shown(pieces: readonly string[], most?: number): LogText {
  const log = new LogText(most);
  for (const piece of pieces) log.add(piece);
  return log;
}

it.each([
  ["lines as they come", ["one\ntw", "o\n", "three"], "one\ntwo\nthree"],
  ["colours left out", ["\u001b[31mred\u001b[0m and \u001b]0;title\u0007plain\n"], "red and plain\n"],
  ["a colour in two pieces", ["a\u001b[3", "1mb\u001b", "[0mc"], "abc"],
  ["a bar that draws itself again", ["\r 10%\r 50%", "\r100%\ndone\n"], "100%\ndone\n"],
  ["a bar that is still drawn", ["10%\r50%\r"], "50%"],
  ["lines of Windows", ["one\r\ntwo\r", "\n"], "one\ntwo\n"],
  ["an escape character that is none", ["\u001bq\n"], "\u001bq\n"],
])("shows %s", (_, pieces, text) => {
  expect(shown(pieces).text).toBe(text);
  expect(shown(Array.from(pieces.join(""))).text).toBe(text);
});

it("keeps the last part of a long log, from the beginning of a line", () => {
  const lines = Array.from({ length: 1000 }, (_, number) => `line ${number}\n`);
  const log = shown(lines, 1000);
  expect(log.text.length).toBeLessThan(1300);
  expect(log.text.startsWith("line ")).toBe(true);
  expect(log.text.endsWith("line 999\n")).toBe(true);
  expect(log.dropped + log.text.length).toBe(lines.join("").length);
});

it("keeps only the last step of a progress bar", () => {
  const log = shown(Array.from({ length: 1000 }, (_, step) => `\rstep ${step}`));
  expect(log.text).toBe("step 999");
});

it("names a log by its group and job, and finds the job from that name", () => {
  const path = logPath({ group: { name: "night_1", title: "night/2" }, job: { index: 12 } });
  expect(path).toBe("/night_1/night_2 12.log");
  expect(jobReference(path)).toBe("night_1/12");
  expect(jobReference("/else")).toBe("else/");
});
