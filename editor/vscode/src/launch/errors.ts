// Why the server doesn't start, in words for the user.

export const INTERPRETER = "caliban.interpreter";
export const SERVER_PATH = "caliban.server.path";

/** The server doesn't start. The message tells why, the hint what to do; a setting is one that helps. */
export class NotStarted extends Error {
  constructor(
    message: string,
    readonly hint: string,
    public setting?: string,
    /** Whether it is as the user wanted it, so that it is shown in the server's state and not as a message. */
    readonly expected = false,
  ) {
    super(message);
    this.name = "NotStarted";
  }
}

/** The server ended while it started. */
export class ServerExited extends NotStarted {
  constructor(readonly lastOutput: string) {
    super(`The server stopped while it started: ${sentence(lastOutput)}`, "The log has all that it said.");
  }
}

/** The start was given up: by the user, or since another one begins. */
export class StartCancelled extends Error {}

/** Return a text that ends as a sentence does. */
export function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
