"""Extensions of others that can't be had here: the same id, and that part of their public API which ours asks for."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

_MANIFEST = """<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" Id="{name}" Version="{version}" Publisher="{publisher}"/>
    <DisplayName>{name}, a stand-in</DisplayName>
  </Metadata>
  <Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
  <Assets>
    <Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true"/>
  </Assets>
</PackageManifest>
"""

_TYPES = """<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
  <Default Extension=".json" ContentType="application/json"/>
  <Default Extension=".js" ContentType="application/javascript"/>
  <Default Extension=".vsixmanifest" ContentType="text/xml"/>
</Types>
"""

_PYTHON = """
const fs = require("node:fs");
const vscode = require("vscode");
const active = () => ({ path: fs.existsSync(FILE) ? fs.readFileSync(FILE, "utf8").trim() : "python" });
exports.activate = () => ({
  environments: {
    getActiveEnvironmentPath: active,
    resolveEnvironment: async ({ path }) =>
      path === "python" ? undefined : { executable: { uri: vscode.Uri.file(path) } },
  },
});
"""


_MEMORY = """
const vscode = require("vscode");
const files = new Map(Object.entries(FILES).map(([path, text]) => [path, Buffer.from(text)]));
const changed = new vscode.EventEmitter();
const inside = (folder) => [...files.keys()].filter((path) => path.startsWith(folder.replace(/[/]?$/, "/")));
const stat = ({ path }) => {
  const text = files.get(path);
  if (text === undefined && inside(path).length === 0) throw vscode.FileSystemError.FileNotFound(path);
  const type = text === undefined ? vscode.FileType.Directory : vscode.FileType.File;
  return { type, ctime: 0, mtime: 0, size: text?.length ?? 0 };
};
const readDirectory = ({ path }) => {
  const names = inside(path).map((one) => one.slice(path.replace(/[/]?$/, "/").length).split("/"));
  return names.map(([name, ...rest]) => [name, rest.length > 0 ? vscode.FileType.Directory : vscode.FileType.File]);
};
const readFile = ({ path }) => {
  if (!files.has(path)) throw vscode.FileSystemError.FileNotFound(path);
  return files.get(path);
};
const refuse = ({ path }) => { throw vscode.FileSystemError.NoPermissions(path); };
const writeFile = ({ path }, text) => { files.set(path, Buffer.from(text)); };
const provider = {
  onDidChangeFile: changed.event, watch: () => ({ dispose() {} }), stat, readDirectory, readFile, writeFile,
  createDirectory: refuse, delete: refuse, rename: refuse,
};
exports.activate = () => vscode.workspace.registerFileSystemProvider("memory", provider);
"""


def stand_in(folder: Path, publisher: str, name: str, script: str, activated_by: Sequence[str] = ()) -> Path:
    """Pack an extension that consists of a script, and return the file."""
    version = "2026.1.0"
    manifest = {
        "name": name,
        "publisher": publisher,
        "version": version,
        "engines": {"vscode": "^1.90.0"},
        "main": "./main.js",
        "activationEvents": list(activated_by),
        "extensionKind": ["workspace"],
        "capabilities": {"untrustedWorkspaces": {"supported": True}},
    }
    packed = folder / f"{publisher}.{name}.vsix"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(
            "extension.vsixmanifest", _MANIFEST.format(name=name, publisher=publisher, version=version)
        )
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("extension/package.json", json.dumps(manifest))
        archive.writestr("extension/main.js", script)
    return packed


def python_extension(folder: Path, active: Path) -> Path:
    """Pack a stand-in for the Python extension; its interpreter is the one that a file names when it is asked."""
    return stand_in(folder, "ms-python", "python", _PYTHON.replace("FILE", json.dumps(str(active))))


def in_memory(folder: Path, files: Mapping[str, str]) -> Path:
    """Pack an extension with files that lie on no disk: `memory:/NAME`, as those of a remote repository do."""
    script = _MEMORY.replace("FILES", json.dumps(files))
    return stand_in(folder, "tests", "memory", script, ["onFileSystem:memory"])
