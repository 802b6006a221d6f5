"""How long VS Code waits for the extension: for its activation, and for the first finding of a window.

Each start is a window of its own in a real VS Code, with the environment of the server made before. The first number is
VS Code's own, as its page of running extensions shows it; the second includes the window's start.
"""

from __future__ import annotations

import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from results import record
from support.own_environment import package_sources
from support.tree import plant
from support.vscode import vscode
from support.window import Window, until

STARTS = 7


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="caliban-") as name:
        home = Path(name) / "home"
        home.mkdir()
        folder = plant(Path(name) / "sweep", {"experiment.json": '{"lr": []}'})
        with vscode(folder, home, environment=package_sources(), machine={}) as window:
            # The list of running extensions draws only the rows that it has room for.
            window.page.set_viewport_size({"width": 1400, "height": 3000})
            window.open("experiment.json")
            found(window)
            figures = [start(window) for _ in range(STARTS)]
    activations, findings = zip(*figures, strict=True)
    rows = [("activation, ms", activations), ("opening a window to its first finding, ms", findings)]
    table = [["of a window", "median", "least", "most"]]
    for label, times in rows:
        table.append(
            [label, *(f"{value:.0f}" for value in (statistics.median(times), min(times), max(times)))]
        )
    record("Starting in VS Code", [table])


def start(window: Window) -> tuple[float, float]:
    """Return how long one window's activation took, and how long its first finding, in ms."""
    began = time.monotonic()
    window.page.reload(wait_until="domcontentloaded")
    found(window)
    took = (time.monotonic() - began) * 1000
    window.command("Developer: Show Running Extensions")
    # Of each extension its name, and how long VS Code took to read and to activate it; the list is drawn anew now and then.
    listed = window.page.locator(".runtime-extensions-editor .extension")
    read = "rows => rows.map(row => row.textContent).join('\\n')"
    text = until(
        "the time of activation", lambda: re.search(r"Caliban.*?(\d+)ms", str(listed.evaluate_all(read)))
    )
    window.command("View: Close All Editors")
    window.open("experiment.json")
    return float(text[1]), took


def found(window: Window) -> None:
    until("a finding", lambda: window.squiggles().count() == 1)


if __name__ == "__main__":
    main()
