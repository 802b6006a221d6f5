import { expect, test } from "vitest";
import { Crashes } from "../src/launch/crashes";

const MINUTE = 60_000;

test("a server that dies is started again, until it dies too often", () => {
  const crashes = new Crashes();
  expect([0, 1, 2, 3].map((minute) => crashes.another(minute * MINUTE * 0.5))).toEqual([true, true, true, false]);
  expect(crashes.count).toBe(4);
});

test("crashes of long ago don't count, nor those before the user did something", () => {
  const crashes = new Crashes();
  expect([0, 1, 2, 5].map((minute) => crashes.another(minute * MINUTE))).toEqual([true, true, true, true]);
  crashes.forget();
  expect(crashes.count).toBe(0);
});
