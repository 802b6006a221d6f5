// Which file of src/ may import which. `npm run check` holds it. Type-only imports count: they tie files together as well.
// There are no exceptions; one would stand here as a `pathNot`, with its reason.

const error = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

export default {
  forbidden: [
    error("no-circular", "Move what two files need of each other into a third that both import.", {}, { circular: true }),
    error(
      "launch-is-lowest",
      "launch/ finds and starts a program; it knows nothing of the protocol.",
      { path: "^src/launch/" },
      { path: "^src/", pathNot: "^src/launch/" },
    ),
    error(
      "server-knows-no-feature",
      "server/ calls commands; it doesn't know what shows their results.",
      { path: "^src/server/" },
      { path: "^src/", pathNot: "^src/(server/|launch/|protocol)" },
    ),
    error(
      "features-are-highest",
      "Features use the shared files; only extension.ts lists the features.",
      { path: "^src/", pathNot: "^src/(features/|extension)" },
      { path: "^src/features/" },
    ),
    error(
      "pages-run-in-a-browser",
      "A page's script has no VS Code and no Node.js; it gets messages.",
      { path: "^src/pages/" },
      { pathNot: "^src/(pages/|protocol|format)" },
    ),
  ],
  options: { tsPreCompilationDeps: true, tsConfig: { fileName: "tsconfig.json" }, doNotFollow: { path: "node_modules" } },
};
