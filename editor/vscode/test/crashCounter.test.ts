import { expect, test } from "vitest";
import { CrashCounter } from "../src/launch/crashCounter";

const MINUTE = 60_000;

test("a crashed server is started again, until it crashes too often", () => {
  const crashes = new CrashCounter();
  expect([0, 1, 2, 3].map((minute) => crashes.add(minute * MINUTE * 0.5))).toEqual([true, true, true, false]);
  expect(crashes.count).toBe(4);
});

test("old crashes don't count, nor those before the user's restart", () => {
  const crashes = new CrashCounter();
  expect([0, 1, 2, 5].map((minute) => crashes.add(minute * MINUTE))).toEqual([true, true, true, true]);
  crashes.reset();
  expect(crashes.count).toBe(0);
});
