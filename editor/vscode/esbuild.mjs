// Bundles the extension and its pages' scripts into dist/, and writes the licences of the bundled packages.

import { build } from "esbuild";
import { readdirSync, writeFileSync } from "node:fs";
import { notices } from "./notices.mjs";

const shared = { bundle: true, minify: true, sourcemap: false, legalComments: "none", metafile: true, logLevel: "warning" };

const node = { ...shared, platform: "node", target: "node18", format: "cjs" };

// The LSP library is nine tenths of the code, and isn't needed before the server starts. It has a file of its own, so that
// VS Code doesn't read it to activate the extension.
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

// A page's script runs in a browser's sandbox: one file for each page.
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
