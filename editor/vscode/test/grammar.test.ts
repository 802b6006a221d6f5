// The grammar gives each piece of a config the scope that VS Code's own grammar gives it in JSON.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { beforeAll, describe, expect, it } from "vitest";
import { createOnigScanner, createOnigString, loadWASM } from "vscode-oniguruma";
import { type IGrammar, INITIAL, parseRawGrammar, Registry } from "vscode-textmate";

let grammar: IGrammar;

beforeAll(async () => {
  const program = createRequire(`${process.cwd()}/package.json`).resolve("vscode-oniguruma/release/onig.wasm");
  await loadWASM(readFileSync(program));
  const registry = new Registry({
    onigLib: Promise.resolve({ createOnigScanner, createOnigString }),
    loadGrammar: () => Promise.resolve(parseRawGrammar(readFileSync("grammar.json", "utf8"), "grammar.json")),
  });
  const loaded = await registry.loadGrammar("source.json.caliban");
  if (loaded === null) throw new Error("the grammar can't be read");
  grammar = loaded;
});

/** Return the pieces of a text that aren't blank, each with its scopes but for the file's own. */
function pieces(text: string): [string, string[]][] {
  const found: [string, string[]][] = [];
  let state = INITIAL;
  for (const line of text.split("\n")) {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
    state = ruleStack;
    for (const { startIndex, endIndex, scopes } of tokens) {
      const piece = line.slice(startIndex, endIndex);
      if (piece.trim() !== "") found.push([piece, scopes.slice(1)]);
    }
  }
  return found;
}

/** Return the innermost scope of the first piece that is, or has, some words. */
function innermost(text: string, words: string): string | undefined {
  const all = pieces(text);
  const found = all.find(([piece]) => piece === words) ?? all.find(([piece]) => piece.includes(words));
  return found?.[1].at(-1);
}

describe("each piece has the scope that it has in JSON", () => {
  it.each([
    ["{}", "{", "punctuation.definition.dictionary.begin.json"],
    ["{}", "}", "punctuation.definition.dictionary.end.json"],
    ["[]", "[", "punctuation.definition.array.begin.json"],
    ["[]", "]", "punctuation.definition.array.end.json"],
    ["[1, 2]", ",", "punctuation.separator.array.json"],
    ['{"a": 1, "b": 2}', ":", "punctuation.separator.dictionary.key-value.json"],
    ['{"a": 1, "b": 2}', ",", "punctuation.separator.dictionary.pair.json"],
    ['{"key": 1}', "key", "support.type.property-name.json"],
    ['{"key": 1}', '"', "punctuation.support.type.property-name.begin.json"],
    ['{"a": "text"}', "text", "string.quoted.double.json"],
    ['["a\\n"]', "\\n", "constant.character.escape.json"],
    ['["a\\u00e9"]', "\\u00e9", "constant.character.escape.json"],
    ['["a\\q"]', "\\q", "invalid.illegal.unrecognized-string-escape.json"],
    ["[1e-4]", "1e-4", "constant.numeric.json"],
    ["[-0.5]", "-0.5", "constant.numeric.json"],
    ["[true]", "true", "constant.language.json"],
    ["[null]", "null", "constant.language.json"],
    ["// a\n{}", " a", "comment.line.double-slash.json"],
    ["# a\n{}", " a", "comment.line.number-sign.json"],
    ["/* a\nb */{}", "b ", "comment.block.json"],
    ['{"a": 1 // b\n}', " b", "comment.line.double-slash.json"],
    ['{"a": # b\n 1}', " b", "comment.line.number-sign.json"],
    ["[1 /* b */, 2]", " b ", "comment.block.json"],
  ])("%s: %s is %s", (text, words, scope) => {
    expect(innermost(text, words)).toBe(`${scope}.caliban`);
  });
});

it("takes keys for strings, so that their brackets are in no pair", () => {
  const [, scopes] = pieces('{"[a,b]": [[1, 2]]}').find(([piece]) => piece === "[a,b]") ?? ["", []];
  expect(scopes).toContain("string.json.caliban");
});

it("nests structures", () => {
  const [, scopes] = pieces('{"a": [{"b": 1}]}').find(([piece]) => piece === "1") ?? ["", []];
  expect(scopes.map((scope) => scope.replace(/\.json\.caliban$/, ""))).toEqual([
    "meta.structure.dictionary",
    "meta.structure.dictionary.value",
    "meta.structure.array",
    "meta.structure.dictionary",
    "meta.structure.dictionary.value",
    "constant.numeric",
  ]);
});

it("ends an unclosed string at the end of its line", () => {
  expect(innermost('{"a": "open\n, "b": 1}', "1")).toBe("constant.numeric.json.caliban");
});

it.each(["// http://a # b", "# a // b", "/* // a */"])("begins no comment inside of one: %s", (comment) => {
  expect(pieces(`${comment}\n[7]`).at(-2)).toEqual(["7", expect.arrayContaining(["constant.numeric.json.caliban"])]);
});

it.each(["https://a.b/#c", "a /* b */"])("begins no comment in a string: %s", (text) => {
  expect(innermost(`["${text}"]`, text)).toBe("string.quoted.double.json.caliban");
});

it("highlights comments for the server", () => {
  expect(innermost("// caliban: experiment", "caliban:")).toBe("storage.type.class.instruction.json.caliban");
  expect(innermost("[1] # caliban: ignore CAL204", "caliban:")).toBe("storage.type.class.instruction.json.caliban");
  expect(innermost("// caliban: something", "caliban:")).toBe("comment.line.double-slash.json.caliban");
});

describe("the language configuration", () => {
  const read = JSON.parse(readFileSync("language-configuration.json", "utf8")) as {
    indentationRules: Record<string, string>;
    onEnterRules: { beforeText: string; afterText?: string; action: { appendText?: string } }[];
  };
  const more = new RegExp(read.indentationRules.increaseIndentPattern ?? "");

  it.each(['{', '  "a": [', '  "a": { // why', '["{", [', '{ # why'])("indents after %s", (line) => {
    expect(more.test(line)).toBe(true);
  });

  it.each(['{}', '  "[": 1,', "// {", "# [", '"a": [1, 2],'])("doesn't indent after %s", (line) => {
    expect(more.test(line)).toBe(false);
  });

  it.each([
    ["// one two", "three", "// "],
    ["  # one", "two", "# "],
    ["/*", "", " * "],
    ["{", "}", undefined],
    ["// one", "", undefined],
  ])("continues %s", (before, after, appended) => {
    const rule = read.onEnterRules.find(
      (one) => new RegExp(one.beforeText).test(before) && (one.afterText === undefined || new RegExp(one.afterText).test(after)),
    );
    expect(rule?.action.appendText).toBe(appended);
  });
});
