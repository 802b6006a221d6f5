"""Emacs with the very settings that its page gives: a finding is seen and mended, a command is run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from support.documented_settings import emacs_settings
from support.folders import plant
from support.requirements import lacking

PERSON = Path(__file__).with_name("person.el")


@pytest.mark.parametrize(
    ("client", "library", "person"),
    [("Eglot", "eglot", "person-eglot"), ("lsp-mode", "lsp-mode", "person-lsp-mode")],
    ids=["eglot", "lsp-mode"],
)
def test_a_finding_is_shown_and_mended_and_a_command_answers(
    client: str, library: str, person: str, tmp_path: Path
) -> None:
    if shutil.which("emacs") is None or not _has(library):
        lacking(f"there is no Emacs with {client} here")
    settings, call = emacs_settings(client)
    (tmp_path / "settings.el").write_text(settings)
    project = plant(tmp_path / "digits", {"experiment.json": '{"lr": [0.1, 0.2] "epochs": [1, 5, 25]}\n'})
    done = subprocess.run(
        ["emacs", "--batch", "--eval", "(package-initialize)", "-l", str(PERSON)],
        cwd=project,
        env={
            **os.environ,
            "HOME": str(tmp_path),
            "CALIBAN_HOME": str(tmp_path / "state"),
            "PERSON_SETTINGS": str(tmp_path / "settings.el"),
            "PERSON_CLIENT": person,
            "PERSON_CALL": call,
            "PERSON_SAW": str(tmp_path / "saw.json"),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    saw = json.loads((tmp_path / "saw.json").read_text())
    (found,) = saw["found"]
    assert "A `,` is missing after this" in found
    assert saw["offered"][0] == "Insert `,`"
    assert saw["text"] == '{"lr": [0.1, 0.2], "epochs": [1, 5, 25]}\n'
    assert saw["answer"]["count"] == 6


def _has(library: str) -> bool:
    program = f"(progn (package-initialize) (require '{library}))"
    return (
        subprocess.run(["emacs", "--batch", "--eval", program], capture_output=True, check=False).returncode
        == 0
    )
