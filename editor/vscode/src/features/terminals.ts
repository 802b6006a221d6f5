// Shells in containers: the command, and the profile in the list of terminals. The server says what a terminal runs.

import * as vscode from "vscode";
import { registerCommand } from "../commands";
import type { Extension, Feature } from "../feature";
import { errorText } from "../notifications";
import type { Place, ShellArguments, Terminal } from "../protocol";
import { errorMessage } from "../server/calls";
import { type CommandArguments, commandArguments, resolveProject } from "../targets";
import { containersMayHaveChanged } from "./containers/changes";

const STARTS = 2_000; // milliseconds after which a shell's container is there, as a rule

export const terminals: Feature = (extension) => [
  registerCommand(extension, "caliban.shell", async (argument) => {
    const terminal = await describeShell(extension, commandArguments(argument));
    openTerminal(terminal);
    return terminal;
  }),
  vscode.window.registerTerminalProfileProvider("caliban.shell", {
    provideTerminalProfile: async (token) => {
      try {
        return new vscode.TerminalProfile(showWhenOpened(terminalOptions(await describeShell(extension, {}, token))));
      } catch (error) {
        // VS Code shows what is thrown, and complains if nothing comes, so that more than this would be told twice.
        const cancelled = error instanceof vscode.CancellationError;
        extension.log.error(errorMessage(error));
        throw new Error(cancelled ? "Caliban: no shell was opened, since that was cancelled." : errorText(error));
      }
    },
  }),
];

/** Open a terminal as the server describes it. */
export function openTerminal(terminal: Terminal): void {
  vscode.window.createTerminal(terminalOptions(terminal)).show();
  setTimeout(() => { containersMayHaveChanged.fire(); }, STARTS);
}

/** Have the image built if it isn't there, with a bar that cancels, and return what the terminal is to run. */
async function describeShell(extension: Extension, asked: CommandArguments, token?: vscode.CancellationToken): Promise<Terminal> {
  const argument = (await resolveProject(asked)) as Place & ShellArguments;
  const { terminal } = await extension.server.call("shell", argument, { title: "Opening a container shell", token });
  if (terminal === null) throw new Error("The server described no terminal.");
  return terminal;
}

function terminalOptions({ name, argv, cwd, env }: Terminal): vscode.TerminalOptions {
  const [shellPath, ...shellArgs] = argv;
  return { name, shellPath, shellArgs, cwd, env, iconPath: new vscode.ThemeIcon("beaker"), isTransient: true };
}

/** Have a terminal that VS Code makes of these options shown when it is there: it shows the one that was there before. */
function showWhenOpened(made: vscode.TerminalOptions): vscode.TerminalOptions {
  const listener = vscode.window.onDidOpenTerminal((terminal) => {
    if (terminal.creationOptions !== made) return;
    listener.dispose();
    terminal.show();
  });
  return made;
}
