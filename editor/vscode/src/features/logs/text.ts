// A log as an editor shows it: what a terminal would show in the end, of which the last part is kept. Pure.

/** Sequences that colour text or move a cursor, and one that may have come only in part. */
// eslint-disable-next-line no-control-regex
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\^_])/g;
// eslint-disable-next-line no-control-regex
const UNFINISHED = /\u001b(?:\[[0-?]*[ -/]*|\][^\u0007\u001b]*)?$/;

const LONGEST_ESCAPE = 200; // characters; what is longer was no escape sequence

/** Takes output as it comes, and gives the text of an editor. */
export class LogText {
  /** Characters that are no longer kept. */
  dropped = 0;
  private whole = "";
  private line = "";
  private rest = "";

  /** @param most how many characters are kept; a quarter more before the first are dropped. */
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
    // A bar that draws itself again and again is one line, however often it does.
    this.line = (this.line + last).replace(/^.*\r(?=[^\r])/s, "");
    if (this.whole.length > this.most * 1.25) this.forget();
  }

  /** Return output without escape sequences; one that isn't whole waits for the rest of it. */
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

/** Return a line as it stands after its carriage returns. */
function overwritten(line: string): string {
  const shown = line.replace(/\r+$/, "");
  return shown.slice(shown.lastIndexOf("\r") + 1);
}
