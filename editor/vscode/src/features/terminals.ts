// Shells in containers: the command and the terminal profile. The server says what the terminal runs.

import * as vscode from "vscode";
import { registerCommand } from "../commands";
import type { Extension, Feature } from "../feature";
import { errorText } from "../notifications";
import type { Place, ShellArguments, Terminal } from "../protocol";
import { errorMessage } from "../server/calls";
import { type CommandArguments, commandArguments, resolveProject } from "../targets";
import { containersMayHaveChanged } from "./containers/changes";

const STARTS = 2_000; // milliseconds that a shell's container usually takes to start

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
        // VS Code shows the thrown error itself; a notification would repeat it.
        const cancelled = error instanceof vscode.CancellationError;
        extension.log.error(errorMessage(error));
        throw new Error(cancelled ? "Caliban: opening the shell was cancelled." : errorText(error));
      }
    },
  }),
];

/** Open a terminal that the server describes. */
export function openTerminal(terminal: Terminal): void {
  vscode.window.createTerminal(terminalOptions(terminal)).show();
  setTimeout(() => { containersMayHaveChanged.fire(); }, STARTS);
}

/** Build the image if it is missing, showing the progress, and return the terminal to open. */
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

/** Show the terminal that VS Code makes from these options; by itself it keeps the previous terminal in front. */
function showWhenOpened(made: vscode.TerminalOptions): vscode.TerminalOptions {
  const listener = vscode.window.onDidOpenTerminal((terminal) => {
    if (terminal.creationOptions !== made) return;
    listener.dispose();
    terminal.show();
  });
  return made;
}
