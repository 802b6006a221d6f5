"""How long VS Code waits for the extension: for its code, for its activation, and for the first finding of a window.

Each start is a window of its own in a real VS Code, with the environment of the server made before. The first numbers are
marks that the extension host sets itself, as "Developer: Startup Performance" lists them: for so long it does nothing
else. What its list of running extensions calls activation includes what the host does for others meanwhile. The last
number includes the window's start.
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
from support.folders import plant
from support.server_environment import package_sources
from support.vscode import vscode
from support.window import Window, until

STARTS = 7


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="caliban-") as name:
        home = Path(name) / "home"
        home.mkdir()
        folder = plant(Path(name) / "sweep", {"experiment.json": '{"lr": []}'})
        with vscode(folder, home, environment=package_sources(), machine={}) as window:
            window.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
            window.open("experiment.json")
            found(window)
            findings = [first_finding(window) for _ in range(STARTS)]
            loading, activating = zip(*(activation(window) for _ in range(STARTS)), strict=True)
    rows = (
        ("loading its code, ms", loading),
        ("activating it, ms", activating),
        ("to the first finding, ms", findings),
    )
    table = [["of a window", "median", "least", "most"]]
    for label, times in rows:
        shown = (statistics.median(times), min(times), max(times))
        table.append([label, *(f"{value:.0f}" for value in shown)])
    record("Starting in VS Code", [table])


def first_finding(window: Window) -> float:
    """Return how long a window, opened with an experiment, took to its first finding, in ms."""
    began = time.monotonic()
    window.page.reload(wait_until="domcontentloaded")
    found(window)
    return (time.monotonic() - began) * 1000


def activation(window: Window) -> tuple[float, float]:
    """Return how long a window's extension host loaded and activated the extension, in ms."""
    window.page.reload(wait_until="domcontentloaded")
    window.open("experiment.json")  # the window may have come back with what the last one showed
    found(window)
    window.command("Developer: Startup Performance")
    window.page.locator(".monaco-editor .view-line", has_text="Extension Activation Stats").first.wait_for()
    marks = until("the marks", lambda: marked(window))
    return (
        marks["didLoadExtensionCode"] - marks["willLoadExtensionCode"],
        marks["didActivateExtension"] - marks["willActivateExtension"],
    )


def marked(window: Window) -> dict[str, float] | None:
    """Return when the extension host came to each mark of the extension, in ms; None until all are listed."""
    window.page.keyboard.press("Control+A")
    window.page.keyboard.press("Control+C")
    text = str(window.page.evaluate("navigator.clipboard.readText()"))
    found = re.findall(r"code/extHost/(\w+)/caliban-ls\.caliban-ls\t(\d+)", text)
    return {name: float(at) for name, at in found} if len(found) == 4 else None  # noqa: PLR2004 - each twice


def found(window: Window) -> None:
    until("a finding", lambda: window.squiggles().count() == 1)


if __name__ == "__main__":
    main()
