// Bundles the extension, and the scripts of its pages, into dist/.

import { build } from "esbuild";
import { readdirSync } from "node:fs";

const shared = { bundle: true, minify: true, sourcemap: false, legalComments: "linked", logLevel: "warning" };

await build({
  ...shared,
  entryPoints: ["src/extension.ts"],
  platform: "node",
  target: "node18",
  format: "cjs",
  external: ["vscode"],
  outfile: "dist/extension.js",
});

// A page's script runs in a browser's sandbox, alone: one file for each page.
const pages = readdirSync("src/pages", { withFileTypes: true }).filter((one) => one.isDirectory());
await build({
  ...shared,
  entryPoints: pages.map((page) => ({ in: `src/pages/${page.name}/page.ts`, out: page.name })),
  platform: "browser",
  target: "es2022",
  format: "iife",
  outdir: "dist/pages",
});
