// The terminal of a run. It opens with the first output; Ctrl-C in it stops the run.

import * as vscode from "vscode";

const INTERRUPT = "\u0003";

/** The open terminals. */
const shown = new Set<RunTerminal>();

export class RunTerminal {
  private terminal: vscode.Terminal | undefined;
  private readonly written = new vscode.EventEmitter<string>();
  private before = "";
  private open = false;
  private over = false;

  constructor(
    private readonly name: string,
    private readonly cancel: () => void,
  ) {}

  /** Write a text; the first one opens the terminal, and the editor keeps the focus. */
  write(text: string): void {
    this.terminal ??= this.create();
    if (this.open) this.written.fire(text);
    else this.before += text;
  }

  /** Write a last line, if the terminal is open. It stays open until the user closes it or another run opens one. */
  end(last: string): void {
    if (shown.has(this)) this.write(`${last.replace(/\r?\n/g, "\r\n")}\r\n`);
    this.over = true;
  }

  /** Bring the terminal to the front; return whether it is open. */
  show(): boolean {
    if (!shown.has(this)) return false;
    this.terminal?.show();
    return true;
  }

  private create(): vscode.Terminal {
    for (const one of shown) one.closeIfOver();
    shown.add(this);
    const terminal = vscode.window.createTerminal({
      name: this.name,
      iconPath: new vscode.ThemeIcon("beaker"),
      pty: {
        onDidWrite: this.written.event,
        open: () => {
          this.open = true;
          this.written.fire(this.before);
        },
        close: () => {
          this.open = false;
          shown.delete(this);
          if (!this.over) this.cancel();
        },
        handleInput: (data: string) => {
          if (data === INTERRUPT && !this.over) this.cancel();
        },
      },
    });
    terminal.show(true);
    return terminal;
  }

  /** Make room for the next run; the history keeps the output. */
  private closeIfOver(): void {
    if (this.over) this.terminal?.dispose();
  }
}
