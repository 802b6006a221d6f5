"""Makes the pictures of the VS Code extension: its icon from the drawing, its README's from what the tests have seen.

`make pictures` runs the tests that take them first. Needs Chromium, as those tests do.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
MEDIA = ROOT / "editor/vscode/media"
SHOTS = ROOT / "build/screenshots"
ICON_SIZE = 256

PICTURES = {
    "findings.png": "findings",
    "hardware.png": "select-gpu",
    "doctor.png": "doctor",
    "walkthrough.png": "walkthrough",
}
"""The README's name of each picture, and the tests'."""


def main() -> int:
    missing = [name for name in PICTURES.values() if not (SHOTS / f"{name}.png").exists()]
    if missing:
        print(f"not taken yet: {', '.join(missing)}; tests/vscode takes them", file=sys.stderr)
        return 1
    (MEDIA / "pictures").mkdir(exist_ok=True)
    for name, shot in PICTURES.items():
        shutil.copyfile(SHOTS / f"{shot}.png", MEDIA / "pictures" / name)
    draw_icon()
    return 0


def draw_icon() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": ICON_SIZE, "height": ICON_SIZE})
        drawing = (MEDIA / "icon.svg").read_text(encoding="utf-8")
        page.set_content(f"<style>body {{ margin: 0 }} svg {{ display: block }}</style>{drawing}")
        page.screenshot(path=str(MEDIA / "icon.png"), omit_background=True)
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
