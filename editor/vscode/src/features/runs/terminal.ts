// The terminal that a run writes to. It is opened when the first job has something to say; Ctrl-C in it stops the run.

import * as vscode from "vscode";

const INTERRUPT = "\u0003";

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

  /** Write a text; the first one opens the terminal, without taking the cursor away from the editor. */
  write(text: string): void {
    if (this.terminal === undefined) this.show(true);
    if (this.open) this.written.fire(text);
    else this.before += text;
  }

  /** Say that the run is over: what was written stays until the terminal is closed. */
  end(): void {
    this.over = true;
  }

  /** Bring it to the front; return whether it is there. */
  show(preserveFocus = false): boolean {
    if (this.terminal === undefined) {
      closeEarlier(this.name);
      this.terminal = vscode.window.createTerminal({
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
      shown.add(this);
    }
    if (!shown.has(this)) return false;
    this.terminal.show(preserveFocus);
    return true;
  }

  /** Close it if its run is over and it has a name. */
  closeIf(name: string): void {
    if (this.over && this.name === name) this.terminal?.dispose();
  }
}

const shown = new Set<RunTerminal>();

function closeEarlier(name: string): void {
  for (const one of shown) one.closeIf(name);
}
