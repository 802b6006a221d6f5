// Collects the licences of all bundled packages.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const HEAD = `The Caliban extension contains the following packages, under these licences.
It doesn't contain the server's dependencies: pip installs them from your package index.
`;

/** Return the text of the notices, for the inputs that esbuild reports. */
export function notices(metafiles) {
  const inputs = metafiles.flatMap((one) => Object.keys(one.inputs));
  const folders = new Set(inputs.map((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]).filter(Boolean));
  const bundled = [...folders].map((folder) => ({ folder, ...JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) }));
  bundled.sort((one, other) => one.name.localeCompare(other.name) || one.version.localeCompare(other.version));
  return [HEAD, ...bundled.map(notice)].join(`\n${"-".repeat(80)}\n\n`);
}

function notice({ folder, name, version, license, homepage }) {
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  if (file === undefined) throw new Error(`${name} has no licence file; a bundled package needs one`);
  const text = readFileSync(join(folder, file), "utf8").replace(/\r\n/g, "\n").trim();
  return `${name} ${version} (${license})${homepage === undefined ? "" : `\n${homepage}`}\n\n${text}\n`;
}
