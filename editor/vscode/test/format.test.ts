import { describe, expect, it } from "vitest";
import { age, duration, quantity, shellJoin } from "../src/format";

describe("words for people", () => {
  it.each([
    [0, "0 jobs"],
    [1, "1 job"],
    [1200, "1,200 jobs"],
  ])("counts %i", (count, said) => { expect(quantity(count, "job")).toBe(said); });

  it.each([
    [["--lr", "0.1"], "--lr 0.1"],
    [["--name", "a b", ""], "--name 'a b' ''"],
    [["it's", "$HOME", "*"], `'it'"'"'s' '$HOME' '*'`],
  ])("quotes %j for a shell", (words, said) => { expect(shellJoin(words)).toBe(said); });

  it.each([
    [1.234, "1.2 s"],
    [59.96, "60.0 s"],
    [61, "1 min 1 s"],
    [3600 * 5 + 120, "5 h 2 min"],
  ])("spells %d seconds", (seconds, said) => { expect(duration(seconds)).toBe(said); });

  it.each([
    [-5, "0 s"],
    [59, "59 s"],
    [60, "1 min"],
    [7200, "2 h"],
    [86400 * 3, "3 d"],
  ])("tells the age of %i seconds", (seconds, said) => { expect(age(0, seconds * 1000)).toBe(said); });
});
