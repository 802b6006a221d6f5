"""Makes the pictures of the VS Code extension: its icon from the drawing, its README's from what the tests have seen.

`make pictures` runs the tests that take them first. Needs Chromium, as those tests do. With `--leave-out FILE` nothing is
made: the README of a packed extension loses its pictures, since VS Code shows none but those of web sites, and the page
would have holes in their places.
"""

from __future__ import annotations

import re
import shutil
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
MEDIA = ROOT / "editor/vscode/media"
SHOTS = ROOT / "build/screenshots"
ICON_SIZE = 256

PICTURES = {
    "findings.png": "findings",
    "hardware.png": "select-gpu",
    "doctor.png": "doctor",
}
"""The README's name of each picture, and the tests'."""


def main() -> int:
    if sys.argv[1:2] == ["--leave-out"]:
        leave_out(Path(sys.argv[2]))
        return 0
    missing = [name for name in PICTURES.values() if not (SHOTS / f"{name}.png").exists()]
    if missing:
        print(f"not taken yet: {', '.join(missing)}; tests/vscode takes them", file=sys.stderr)
        return 1
    (MEDIA / "pictures").mkdir(exist_ok=True)
    for name, shot in PICTURES.items():
        shutil.copyfile(SHOTS / f"{shot}.png", MEDIA / "pictures" / name)
    draw_icon()
    return 0


def leave_out(packed: Path) -> None:
    """Leave the pictures out of a packed extension's README."""
    changed = packed.with_suffix(".new")
    with zipfile.ZipFile(packed) as before, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as after:
        for entry in before.infolist():
            content = before.read(entry)
            if entry.filename.lower() == "extension/readme.md":
                content = re.sub(rb"!\[[^]]*\]\(media/pictures/[^)]*\)\n\n?", b"", content)
            after.writestr(entry, content, zipfile.ZIP_DEFLATED)
    changed.replace(packed)


def draw_icon() -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": ICON_SIZE, "height": ICON_SIZE})
        drawing = (MEDIA / "icon.svg").read_text(encoding="utf-8")
        page.set_content(f"<style>body {{ margin: 0 }} svg {{ display: block }}</style>{drawing}")
        page.screenshot(path=str(MEDIA / "icon.png"), omit_background=True)
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
