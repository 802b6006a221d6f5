// Bundles the extension, and the scripts of its pages, into dist/, and writes whose work went into that.

import { build } from "esbuild";
import { readdirSync, writeFileSync } from "node:fs";
import { notices } from "./notices.mjs";

const shared = { bundle: true, minify: true, sourcemap: false, legalComments: "none", metafile: true, logLevel: "warning" };

const node = { ...shared, platform: "node", target: "node18", format: "cjs" };

// The protocol's library is nine tenths of all code, and isn't wanted before the server starts: it has its own file, so
// that VS Code needn't read it to activate the extension.
const LIBRARY = "vscode-languageclient/node";
const apart = {
  name: "apart",
  setup: ({ onResolve }) => { onResolve({ filter: new RegExp(`^${LIBRARY}$`) }, () => ({ path: "./library.js", external: true })); },
};
const extension = await build({
  ...node,
  entryPoints: ["src/extension.ts"],
  external: ["vscode"],
  plugins: [apart],
  outfile: "dist/extension.js",
});
const library = await build({ ...node, entryPoints: [LIBRARY], external: ["vscode"], outfile: "dist/library.js" });

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

writeFileSync("ThirdPartyNotices.txt", notices([extension.metafile, library.metafile, pages.metafile]));
