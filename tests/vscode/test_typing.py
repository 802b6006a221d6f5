"""A file that you type comes out as in VS Code's own JSON mode without lists: no list takes a key meant for the text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pytest
from support.folders import plant
from support.vscode import vscode
from support.window import Window, until

PACE = 90  # milliseconds from key to key, which is fast for a person and slow for a list

SCRIPT = """import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--optimizer", choices=["adam", "sgd"], default="adam")
parser.add_argument("--batch_size", type=int, default=32)
parser.add_argument("--debug", action="store_true")

if __name__ == "__main__":
    parser.parse_args()
"""

FILES = {
    "plain.json": "",
    ".calibanconfig.json": "",
    "with/train.py": SCRIPT,
    "with/experiment.json": "",
    "without/bare.experiment.json": "",
}

OURS = ["experiment.json", "bare.experiment.json", ".calibanconfig.json"]

JSON = "plain.json"

# Each line break is Enter. None is pressed in a string, where it may well choose what a list has.
TYPED = [
    "{\n",
    "[\n",
    "[\n\n",
    "\n\n{\n",
    "{ \n",
    "{,\n",
    '{\n"lr": 1,\n',
    '{"lr": 1, \n',
    '{\n"lr":\n',
    '{\n"lr": \n',
    '{\n"lr": [\n',
    '{"lr": [1,\n2,\n3]\n',
    "[{},\n{\n",
    "[\n{\n},\n{\n",
    '{"lr": 1}\n',
    '{"lr": {},\n',
    '{"lr"\n',
    '{"unheard_of"\n',
    '{"lr" \n:\n',
    '{"lr": ""\n',
    '{"optimizer": "adam"\n',
    '{"optimizer": "adam",\n"lr": 0.5\n',
    '{"optimizer": ["adam"\n',
    '{"unheard_of": "of",\n"b": "c"\n',
    '{"debug": true\n',
    '{"debug": true,\n"lr": null,\n',
    '{"debug": [true, false\n',
    '{\n// why\n"lr": 1.5e-3,\n\n"b": -2\n',
    '{"[lr,debug]": [[1, true],\n[2, false]]\n',
    '{"cloud": {\n"region": "us-central1",\n"spot": true\n',
    '{"build_time_credentials": false,\n"apt_packages": ["git",\n"vim"\n',
]


@dataclass(frozen=True)
class Desk:
    """A window in which a person types."""

    window: Window

    def typed(self, name: str, texts: Iterable[str] = TYPED) -> dict[str, str]:
        """Return the text of a file after each sequence of keys, typed into the empty file."""
        self.window.open_any(name)
        return {text: self._after(text) for text in texts}

    def _after(self, text: str) -> str:
        keyboard = self.window.page.keyboard
        self.window.focus_editor()
        keyboard.press("Control+A")
        keyboard.press("Delete")
        until("an empty file", lambda: self._painted() == "")
        keyboard.type(text, delay=PACE)
        keyboard.press("Escape")
        return self._painted()

    def _painted(self) -> str:
        """Return the text, once all keys are on the screen."""
        painted = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        self.window.page.evaluate(painted)
        return self.window.text()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = plant(tmp_path_factory.mktemp("w") / "typing", FILES)
    settings = {
        # Plain JSON shows no list: its own would take Enter behind `false`, or not, as quickly as it comes up.
        "[json]": {
            "editor.tabSize": 2,
            "editor.quickSuggestions": {"strings": "off", "other": "off", "comments": "off"},
            "editor.suggestOnTriggerCharacters": False,
        },
        "editor.detectIndentation": False,
        "editor.inlayHints.enabled": "off",  # which stand in the text on the screen
    }
    with vscode(folder, tmp_path_factory.mktemp("v"), environment={}, settings=settings) as window:
        yield Desk(window)


@pytest.fixture(scope="module")
def plain(desk: Desk) -> dict[str, str]:
    """What VS Code's own JSON mode makes of the sequences."""
    return desk.typed(JSON)


@pytest.mark.parametrize("name", OURS)
def test_text_comes_out_as_in_plain_json(desk: Desk, plain: dict[str, str], name: str) -> None:
    ours = desk.typed(name)
    different = [text for text in TYPED if ours[text] != plain[text]]
    # A busy machine may lose a key in either file; both are typed once more.
    expected = desk.typed(JSON, different)
    assert desk.typed(name, different) == expected
