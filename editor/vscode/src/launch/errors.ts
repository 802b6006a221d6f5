// The errors of starting the server, with messages for the user.

export const INTERPRETER = "caliban.interpreter";
export const SERVER_PATH = "caliban.server.path";

/** The server doesn't start. The message says why, the hint how to fix it; a setting may help. */
export class NotStarted extends Error {
  constructor(
    message: string,
    readonly hint: string,
    public setting?: string,
    /** Whether the user has caused it, so that the status shows it instead of an error message. */
    readonly expected = false,
  ) {
    super(message);
    this.name = "NotStarted";
  }
}

/** The server exited during its start. */
export class ServerExited extends NotStarted {
  constructor(readonly lastOutput: string) {
    super(`The server stopped while it started: ${sentence(lastOutput)}`, "The log has its whole output.");
  }
}

/** The start was cancelled: by the user, or because another one begins. */
export class StartCancelled extends Error {}

/** Return a text with a full stop if it has no end mark. */
export function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
