// The `caliban` program that the server was started from, for what runs beside it.

import type { Extension } from "../feature";
import { launch } from "./launch";

/** A program, and the words that go before its own. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

/** Return how to start the command line of the server that runs. */
export async function program(extension: Extension): Promise<Program> {
  const { command, args } = await launch(extension.context);
  return { command, args: args.slice(0, args.lastIndexOf("serve")) };
}
