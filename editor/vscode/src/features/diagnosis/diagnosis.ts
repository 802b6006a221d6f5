// The commands Run Doctor, Explain Rule and New Experiment.

import * as path from "node:path";
import * as vscode from "vscode";
import { registerCommand } from "../../commands";
import type { Extension, Feature } from "../../feature";
import { pick } from "../../quickPicks";
import { commandArguments, resolveFolder } from "../../targets";
import { doctorPage, LINKS, rulePage } from "./pages";

const SCHEME = "caliban-rule";

export const diagnosis: Feature = (extension) => {
  const explained = new Map<string, string>();
  let shown: vscode.WebviewPanel | undefined;

  const doctor = async (argument: unknown): Promise<void> => {
    const folder = await resolveFolder(commandArguments(argument));
    const { checks } = await extension.server.call("doctor", { root: folder }, { title: "Looking for what is missing" });
    if (shown === undefined) {
      // The page has no script; its links may call these commands.
      const options = { enableCommandUris: LINKS, localResourceRoots: [] };
      shown = vscode.window.createWebviewPanel("caliban.doctor", "Caliban Doctor", vscode.ViewColumn.Active, options);
      shown.onDidDispose(() => { shown = undefined; });
    }
    shown.webview.html = doctorPage(vscode.Uri.parse(folder, true).fsPath, checks);
    shown.reveal();
  };

  const explain = async (argument: unknown): Promise<void> => {
    const rule = await extension.server.call("rule", { code: await resolveCode(extension, argument) });
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${rule.code}.md` });
    explained.set(uri.path, rulePage(rule));
    await vscode.commands.executeCommand("markdown.showPreviewToSide", uri);
  };

  return [
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
      provideTextDocumentContent: ({ path: name }) => explained.get(name) ?? "Run Explain Rule again to see this rule.",
    }),
    registerCommand(extension, "caliban.doctor", doctor),
    registerCommand(extension, "caliban.explainRule", explain, { trusted: false }),
    registerCommand(extension, "caliban.newExperiment", (argument) => newExperiment(extension, argument)),
  ];
};

/**
 * Return a rule's code: from the argument, from the finding at the cursor, or chosen by the user.
 *
 * @throws {vscode.CancellationError} the user chose none.
 */
async function resolveCode({ server }: Extension, argument: unknown): Promise<string> {
  const named = typeof argument === "string" ? argument : commandArguments(argument).code;
  if (typeof named === "string") return named;
  const here = codesAt(vscode.window.activeTextEditor);
  const [only] = here;
  if (only !== undefined && here.length === 1) return only;
  const { rules } = await server.call("rules", {});
  const items = rules
    .filter((rule) => here.length === 0 || here.includes(rule.code))
    .map((rule) => ({ label: rule.code, description: rule.name, detail: rule.severity }));
  return (await pick(items, { placeHolder: "Which rule?" })).label;
}

/** Return the codes of the findings at the cursor, or else in its line. */
function codesAt(editor: vscode.TextEditor | undefined): string[] {
  if (editor === undefined) return [];
  const ours = vscode.languages.getDiagnostics(editor.document.uri).filter(({ source }) => source === "caliban");
  const at = ours.filter(({ range }) => range.contains(editor.selection.active));
  const line = ours.filter(({ range }) => range.start.line === editor.selection.active.line);
  const codes = (at.length > 0 ? at : line).map(({ code: one }) => (typeof one === "object" ? one.value : one));
  return [...new Set(codes.filter((one) => typeof one === "string"))];
}

/** Write a config and an experiment. If the folder has them, ask for a name and write a further experiment. */
async function newExperiment({ server }: Extension, argument: unknown): Promise<void> {
  const folder = await resolveFolder(commandArguments(argument));
  let { name } = commandArguments(argument);
  let made = await server.call("init", { root: folder, name: typeof name === "string" ? name : null });
  if (typeof name !== "string" && made.kept.includes("experiment.json")) {
    name = await vscode.window.showInputBox({
      title: "New Experiment",
      prompt: "There is an experiment.json already. Name the new experiment; NAME.experiment.json is written.",
      placeHolder: "NAME",
      validateInput: (text) => (text.trim() === "" ? "Give it a name." : undefined),
    });
    if (typeof name !== "string") throw new vscode.CancellationError();
    made = await server.call("init", { root: folder, name: name.trim() });
  }
  const file = [...made.written, ...made.kept].find((one) => one.endsWith("experiment.json"));
  if (file === undefined) return;
  await vscode.window.showTextDocument(vscode.Uri.joinPath(vscode.Uri.parse(folder, true), file));
  if (made.kept.includes(file)) void vscode.window.showInformationMessage(`Caliban: ${path.basename(file)} is there already; nothing was written.`);
}
