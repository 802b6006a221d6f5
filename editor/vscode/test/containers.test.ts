import { expect, it } from "vitest";
import { groupContainers, rowText, tooltip } from "../src/features/containers/rows";
import type { Container } from "../src/protocol";

function container(name: string, kind: string, more: Partial<Container> = {}): Container {
  return { id: `id-${name}`, kind, name, url: null, folder: "/home/ada/digits", image: "caliban/digits:1", started: "2026-11-27T20:00:00+00:00", job: null, ...more };
}

it("groups containers by kind, the oldest first, and leaves out empty groups", () => {
  const all = [container("b", "run"), container("a", "run"), container("old", "run", { started: "2026-11-26T20:00:00+00:00" }), container("s", "shell")];
  expect(groupContainers(all).map(({ title, containers }) => [title, containers.map(({ name }) => name)])).toEqual([
    ["Shells", ["s"]],
    ["Runs", ["old", "a", "b"]],
  ]);
  expect(groupContainers([container("x", "novel")]).map(({ title }) => title)).toEqual(["novel"]);
});

it("describes a container by its project or its job, its name and its age", () => {
  const now = Date.parse("2026-11-27T20:05:30Z");
  expect(rowText(container("s", "shell"), now)).toEqual({ label: "digits", description: "5 min · s" });
  expect(rowText(container("r", "run", { job: "digits_1" }), now)).toEqual({ label: "digits_1", description: "5 min · r" });
  expect(rowText(container("s", "shell", { folder: "", started: "" }), now)).toEqual({ label: "s", description: "s" });
});

it("shows no notebook's token", () => {
  const text = tooltip(container("n", "notebook", { url: "http://127.0.0.1:8888/?token=secret" }));
  expect(text).toContain("at http://127.0.0.1:8888/");
  expect(text).not.toContain("secret");
});
