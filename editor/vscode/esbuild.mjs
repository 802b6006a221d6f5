// Bundles the extension, and the scripts of its pages, into dist/, and writes whose work went into that.

import { build } from "esbuild";
import { readdirSync, writeFileSync } from "node:fs";
import { notices } from "./notices.mjs";

const shared = { bundle: true, minify: true, sourcemap: false, legalComments: "none", metafile: true, logLevel: "warning" };

const extension = await build({
  ...shared,
  entryPoints: ["src/extension.ts"],
  platform: "node",
  target: "node18",
  format: "cjs",
  external: ["vscode"],
  outfile: "dist/extension.js",
});

// A page's script runs in a browser's sandbox, alone: one file for each page.
const folders = readdirSync("src/pages", { withFileTypes: true }).filter((one) => one.isDirectory());
const pages = await build({
  ...shared,
  entryPoints: folders.map((page) => ({ in: `src/pages/${page.name}/page.ts`, out: page.name })),
  platform: "browser",
  target: "es2022",
  format: "iife",
  outdir: "dist/pages",
});

writeFileSync("ThirdPartyNotices.txt", notices([extension.metafile, pages.metafile]));
