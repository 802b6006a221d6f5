"""Extensions of others that can't be had here: the same id, and that part of their public API which ours asks for."""

from __future__ import annotations

import json
import zipfile
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


def stand_in(folder: Path, publisher: str, name: str, script: str) -> Path:
    """Pack an extension that consists of a script, and return the file."""
    version = "2026.1.0"
    manifest = {
        "name": name,
        "publisher": publisher,
        "version": version,
        "engines": {"vscode": "^1.90.0"},
        "main": "./main.js",
        "activationEvents": [],
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
