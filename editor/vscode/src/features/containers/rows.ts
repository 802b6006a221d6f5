// The rows of the Containers view. Pure.

import { age } from "../../format";
import type { Container } from "../../protocol";

/** The containers of one kind. */
export interface ContainerGroup {
  readonly kind: string;
  readonly title: string;
  readonly containers: readonly Container[];
}

const TITLES: readonly (readonly [kind: string, title: string])[] = [
  ["shell", "Shells"],
  ["notebook", "Notebooks"],
  ["run", "Runs"],
];

/** Return the groups that aren't empty, the oldest container first. */
export function groupContainers(containers: readonly Container[]): ContainerGroup[] {
  const kinds = [...TITLES, ...others(containers)];
  const sorted = [...containers].sort((one, other) => one.started.localeCompare(other.started) || one.name.localeCompare(other.name));
  return kinds
    .map(([kind, title]) => ({ kind, title, containers: sorted.filter((one) => one.kind === kind) }))
    .filter((group) => group.containers.length > 0);
}

function others(containers: readonly Container[]): [string, string][] {
  const known = new Set(TITLES.map(([kind]) => kind));
  return [...new Set(containers.map(({ kind }) => kind))].filter((kind) => !known.has(kind)).map((kind) => [kind, kind]);
}

/** Return a container's label (the project, or a run's job) and description (age and name). */
export function rowText({ folder, job, name, started }: Container, now: number): { label: string; description: string } {
  const project = folder.split(/[\\/]/).at(-1);
  const since = started === "" ? [] : [age(Date.parse(started), now)];
  return { label: job ?? (project === undefined || project === "" ? name : project), description: [...since, name].join(" · ") };
}

/** Return all facts of a container, one per line; a notebook's URL without its token. */
export function tooltip({ name, id, folder, image, started, url }: Container): string {
  const lines = [name, `id ${id}`, `image ${image}`, `folder ${folder}`, `started ${started}`];
  if (url !== null) lines.push(`at ${url.split("?")[0] ?? ""}`);
  return lines.join("\n");
}
