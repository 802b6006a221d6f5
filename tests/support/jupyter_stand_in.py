"""A small extension in the place of the Jupyter extension, which can't be had here.

It has that one's name and exports the one function of its public API that ours calls; what it was given it lists, as
that one's kernel picker does. It starts no kernel.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

LIST = "Jupyter: List Servers"
"""The command that shows what each collection has: its servers, with where they are, and its commands."""

TITLE = "Servers of Jupyter"
"""The heading of that list."""

NOTHING = "No collection yet"
"""The only row of that list before an extension has offered something."""

_MANIFEST = {
    "name": "jupyter",
    "publisher": "ms-toolsai",
    "version": "0.0.1",
    "engines": {"vscode": "^1.90.0"},
    "main": "./extension.js",
    "contributes": {
        "commands": [{"command": "jupyter.list", "title": "List Servers", "category": "Jupyter"}]
    },
}

_PROGRAM = """
const vscode = require("vscode");
const collections = [];

async function list() {
  const never = new vscode.CancellationTokenSource().token;
  const rows = [];
  for (const { label, provider, collection } of collections) {
    for (const server of (await provider.provideJupyterServers(never)) ?? []) {
      const { connectionInformation: at } = await provider.resolveJupyterServer(server, never);
      rows.push({ label: `${label}: ${server.label}`, detail: `${at.baseUrl.toString(true)} ${at.token}` });
    }
    for (const command of (await collection.commandProvider?.provideCommands("", never)) ?? []) {
      rows.push({ label: `${label}: ${command.label}`, command, collection });
    }
  }
  if (rows.length === 0) rows.push({ label: NOTHING });
  const chosen = await vscode.window.showQuickPick(rows, { title: TITLE });
  if (chosen?.command === undefined) return;
  const server = await chosen.collection.commandProvider.handleCommand(chosen.command, never);
  vscode.window.showInformationMessage(`Stand-in: connected to ${server?.label}`);
}

exports.activate = (context) => {
  context.subscriptions.push(vscode.commands.registerCommand("jupyter.list", list));
  return {
    createJupyterServerCollection(id, label, provider) {
      const collection = { id, label, dispose() {} };
      collections.push({ id, label, provider, collection });
      return collection;
    },
  };
};
"""


def pack(folder: Path) -> Path:
    """Write the extension as a file to install."""
    packed = folder / "jupyter-stand-in.vsix"
    program = _PROGRAM.replace("NOTHING", json.dumps(NOTHING)).replace("TITLE", json.dumps(TITLE))
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("extension/package.json", json.dumps(_MANIFEST))
        archive.writestr("extension/extension.js", program)
    return packed
