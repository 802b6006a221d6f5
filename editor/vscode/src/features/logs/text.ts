// A log as text: what a terminal would show in the end, without old lines. Pure.

/** Escape sequences, and one that may be incomplete. */
// eslint-disable-next-line no-control-regex
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\^_])/g;
// eslint-disable-next-line no-control-regex
const UNFINISHED = /\u001b(?:\[[0-?]*[ -/]*|\][^\u0007\u001b]*)?$/;

const LONGEST_ESCAPE = 200; // characters

/** Collects output in chunks, and returns it as an editor's text. */
export class LogText {
  /** How many characters were dropped. */
  dropped = 0;
  private whole = "";
  private line = "";
  private rest = "";

  /** @param most how many characters to keep; old lines are dropped when there are a quarter more. */
  constructor(private readonly most = 1024 * 1024) {}

  get text(): string {
    return this.whole + overwritten(this.line);
  }

  add(output: string): void {
    const lines = this.plain(output).split("\n");
    const last = lines.pop() ?? "";
    for (const line of lines) {
      this.whole += `${overwritten(this.line + line)}\n`;
      this.line = "";
    }
    // A progress bar that redraws itself stays one line.
    this.line = (this.line + last).replace(/^.*\r(?=[^\r])/s, "");
    if (this.whole.length > this.most * 1.25) this.forget();
  }

  /** Return output without escape sequences; an incomplete one is kept until the next chunk. */
  private plain(output: string): string {
    const text = (this.rest + output).replace(ESCAPES, "");
    const cut = UNFINISHED.exec(text);
    const begins = cut !== null && text.length - cut.index < LONGEST_ESCAPE ? cut.index : text.length;
    this.rest = text.slice(begins);
    return text.slice(0, begins);
  }

  private forget(): void {
    const end = this.whole.indexOf("\n", this.whole.length - this.most);
    const from = end === -1 ? this.whole.length - this.most : end + 1;
    this.dropped += from;
    this.whole = this.whole.slice(from);
  }
}

/** Return a line as a terminal shows it after carriage returns. */
function overwritten(line: string): string {
  const shown = line.replace(/\r+$/, "");
  return shown.slice(shown.lastIndexOf("\r") + 1);
}
