// The pane with one job's request, exactly as it will be sent, as coloured JSON.

import { button, element, on } from "./dom";
import type { FromPage } from "./messages";
import type { PlanRow } from "./rows";

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\d[\d.eE+-]*)/g;

export class RequestPane {
  readonly root: HTMLElement;
  private readonly title = element("h2");
  private readonly text = element("pre", { tabindex: "0", "aria-label": "The request" });
  private readonly error = element("p", { class: "error" });
  private readonly copy: HTMLButtonElement;
  private readonly console: HTMLButtonElement;
  private row: PlanRow | undefined;

  constructor(private readonly say: (message: FromPage) => void, private readonly closed: () => void) {
    this.copy = button("Copy", () => { if (this.row) say({ kind: "copyRequest", index: this.row.index }); });
    this.console = button("Open in Console", () => { if (this.row) say({ kind: "openConsole", index: this.row.index }); });
    const close = button("✕", () => { this.close(); }, { "aria-label": "Close", title: "Close", class: "icon" });
    const bar = element("div", { class: "bar" }, this.title, this.console, this.copy, close);
    this.root = on(element("aside", { class: "request", hidden: "", "aria-label": "Request" }, bar, this.error, this.text), {
      keydown: (event) => { if (event.key === "Escape") this.close(); },
    });
  }

  /** The job that is shown. */
  get index(): number | undefined {
    return this.row?.index;
  }

  open(row: PlanRow): void {
    if (this.row !== row) {
      this.row = row;
      this.text.replaceChildren();
      this.say({ kind: "request", index: row.index });
    }
    this.renew();
    this.root.hidden = false;
  }

  /** Update the job's state and error. */
  renew(): void {
    if (this.row === undefined) return;
    this.title.textContent = `Request of job ${this.row.index}`;
    this.copy.textContent = "Copy";
    this.console.hidden = !this.row.console;
    this.error.textContent = this.row.error ?? "";
    this.error.hidden = this.row.error === null;
  }

  show(index: number, text: string): void {
    if (index !== this.row?.index) return;
    this.text.replaceChildren(...coloured(text));
    this.text.scrollTop = 0;
  }

  copied(): void {
    this.copy.textContent = "Copied";
  }

  close(): void {
    if (this.row === undefined) return;
    this.row = undefined;
    this.root.hidden = true;
    this.closed();
  }
}

function* coloured(text: string): Generator<Node | string> {
  let end = 0;
  for (const found of text.matchAll(TOKEN)) {
    const [whole, string, colon, word] = found;
    yield text.slice(end, found.index);
    end = found.index + whole.length;
    const kind = string === undefined ? (word === undefined ? "number" : "word") : colon === undefined ? "string" : "key";
    yield element("span", { class: kind }, string ?? whole);
    yield colon ?? "";
  }
  yield text.slice(end);
}
