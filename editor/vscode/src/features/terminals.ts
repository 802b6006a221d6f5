// Shells in containers: the command, and the profile in the list of terminals. The server says what a terminal runs.

import * as vscode from "vscode";
import { command, tell } from "../commands";
import type { Extension, Feature } from "../feature";
import type { Place, ShellArguments, Terminal } from "../protocol";
import { type Given, given, project } from "../targets";
import { containersMayHaveChanged } from "./containers/changes";

const STARTS = 2_000; // milliseconds after which a shell's container is there, as a rule

export const terminals: Feature = (extension) => [
  command(extension, "caliban.shell", async (argument) => {
    const terminal = await described(extension, given(argument));
    openTerminal(terminal);
    return terminal;
  }),
  vscode.window.registerTerminalProfileProvider("caliban.shell", {
    provideTerminalProfile: async (token) => {
      try {
        return new vscode.TerminalProfile(options(await described(extension, {}, token)));
      } catch (error) {
        await tell(extension, error);
        return undefined;
      }
    },
  }),
];

/** Open a terminal as the server describes it. */
export function openTerminal(terminal: Terminal): void {
  vscode.window.createTerminal(options(terminal)).show();
  setTimeout(() => { containersMayHaveChanged.fire(); }, STARTS);
}

/** Have the image built if it isn't there, with a bar that cancels, and return what the terminal is to run. */
async function described(extension: Extension, asked: Given, token?: vscode.CancellationToken): Promise<Terminal> {
  const argument = (await project(asked)) as Place & ShellArguments;
  const { terminal } = await extension.server.call("shell", argument, { title: "Opening a container shell", token });
  if (terminal === null) throw new Error("The server described no terminal.");
  return terminal;
}

function options({ name, argv, cwd, env }: Terminal): vscode.TerminalOptions {
  const [shellPath, ...shellArgs] = argv;
  return { name, shellPath, shellArgs, cwd, env, iconPath: new vscode.ThemeIcon("beaker"), isTransient: true };
}
