// Read-only documents for dry runs and expansions; an expansion follows the edits of its config.

import * as vscode from "vscode";

const SCHEME = "caliban-jobs";
const DEBOUNCE_MILLISECONDS = 300; // after the last edit

/** Shows texts as read-only documents. A document with a source is updated when the source is edited. */
export class ReadOnlyDocuments {
  private readonly texts = new Map<string, string>();
  private readonly makers = new Map<string, { source: string; make: () => Promise<string> }>();
  private readonly waiting = new Map<string, NodeJS.Timeout>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly parts: { dispose(): unknown }[];

  constructor() {
    this.parts = [
      this.changed,
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
        onDidChange: this.changed.event,
        provideTextDocumentContent: (uri) => this.texts.get(uri.toString()) ?? "# This document is out of date; run the command again.\n",
      }),
      vscode.workspace.onDidChangeTextDocument(({ document }) => { this.edited(document.uri.toString()); }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        // Changing a document's language closes it and opens it again, so it may be back in a moment.
        if (uri.scheme === SCHEME) setTimeout(() => { this.forget(uri.toString()); }, DEBOUNCE_MILLISECONDS);
      }),
    ];
  }

  /** Show a document beside the active editor. Documents with one name and identity are the same document. */
  async show(name: string, identity: string, text: string, again?: { source: string; make: () => Promise<string> }): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${name}`, query: identity });
    const key = uri.toString();
    this.texts.set(key, text);
    if (again !== undefined) this.makers.set(key, again);
    this.changed.fire(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.languages.setTextDocumentLanguage(document, "shellscript");
    await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true, preview: true });
  }

  dispose(): void {
    for (const timer of this.waiting.values()) clearTimeout(timer);
    for (const part of this.parts) part.dispose();
  }

  private edited(source: string): void {
    for (const [key, maker] of this.makers) {
      if (maker.source !== source) continue;
      clearTimeout(this.waiting.get(key));
      this.waiting.set(key, setTimeout(() => void this.renew(key, maker.make), DEBOUNCE_MILLISECONDS));
    }
  }

  private async renew(key: string, make: () => Promise<string>): Promise<void> {
    this.waiting.delete(key);
    const text = await make().catch((error: unknown) => asComment(error));
    if (!this.makers.has(key)) return;
    this.texts.set(key, text);
    this.changed.fire(vscode.Uri.parse(key, true));
  }

  private forget(key: string): void {
    if (vscode.workspace.textDocuments.some((one) => one.uri.toString() === key && !one.isClosed)) return;
    clearTimeout(this.waiting.get(key));
    this.waiting.delete(key);
    this.makers.delete(key);
    this.texts.delete(key);
  }
}

function asComment(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^/gm, "# ").concat("\n");
}
