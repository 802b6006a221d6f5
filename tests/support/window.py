"""One window of a real VS Code: what a person does in it, and sees there. Nothing waits by time, only for what is seen.

Knows VS Code's page, and nothing of the extension.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import FrameLocator, Locator, Page

PATIENCE = 90  # seconds, after which it won't come any more

T = TypeVar("T")


def until(what: str, look: Callable[[], T]) -> T:
    """Return what a look gives as soon as it is true; a look that the page changes under is taken again."""
    deadline = time.monotonic() + PATIENCE
    seen: object = None
    while True:
        try:
            seen = look()
        except PlaywrightError as error:
            seen = error
        else:
            if seen:
                return seen
        assert time.monotonic() < deadline, f"{what} never came; what came is {seen!r}"
        time.sleep(0.05)  # between two looks: there is nothing to wait on


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a tree: how deep it lies (1 is the top), what it says, and what stands beside that."""

    level: int
    label: str
    description: str


class Window:
    """One window; `asked` are the addresses beyond this machine that its page asked for."""

    def __init__(self, page: Page, shots: Path) -> None:
        self.page = page
        self.asked: list[str] = []
        self._shots = shots
        page.on("request", lambda request: self._note(request.url))
        page.on("dialog", lambda dialog: dialog.accept())

    def _note(self, url: str) -> None:
        if re.match(r"(?:https?|wss?)://(?!127\.0\.0\.1[:/])", url):
            self.asked.append(url)

    def shot(self, name: str) -> None:
        """Keep a picture of the window under a name."""
        self._shots.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(self._shots / f"{name}.png"))

    # The palette, quick picks and input boxes, which are one widget.

    def quick(self) -> Locator:
        """Return the widget, if it is open."""
        return self.page.locator(".quick-input-widget:visible")

    def quick_row(self, text: str | re.Pattern[str]) -> Locator:
        """Return the row of an open list that has a text."""
        return self.quick().locator(".quick-input-list .monaco-list-row", has_text=text).first

    def command(self, title: str) -> None:
        """Choose a command of the palette by its whole title, as soon as it is there."""

        def choose() -> bool:
            self.page.keyboard.press("F1")
            row = self.page.locator(".quick-input-list .monaco-list-row").filter(
                has=self.page.locator(".label-name", has_text=exactly(title))
            )
            with suppress(
                PlaywrightError
            ):  # when it isn't there yet, or a page that changes has swallowed the key
                self.quick().locator(".quick-input-box input").fill(f">{title}", timeout=3000)
                row.first.click(timeout=3000)
                return True
            self.page.keyboard.press("Escape")
            return False

        until(f"the command {title}", choose)

    def offers(self, title: str) -> bool:
        """Return whether the palette has a command, once it has listed what it has."""
        self.page.keyboard.press("F1")
        self.quick().locator(".quick-input-box input").fill(f">{title}")
        rows = self.quick().locator(".quick-input-list .monaco-list-row")
        # The list of before stays for a moment; that of now shows what of a row matches, or that none does.
        none = rows.filter(has_text=re.compile("No matching commands|similar commands"))
        rows.locator(".highlight").or_(none).first.wait_for()
        found = rows.locator(".label-name", has_text=exactly(title)).count() > 0
        self.page.keyboard.press("Escape")
        return found

    def open(self, name: str) -> None:
        """Open a file of the folder as text."""
        self.open_any(name)
        self.page.locator(".editor-instance .view-line:visible").first.wait_for()

    def open_any(self, name: str) -> None:
        """Open a file of the folder in its editor."""
        named = self.page.locator(".label-name", has_text=exactly(name))

        def choose() -> bool:
            self.page.keyboard.press("Control+P")
            with suppress(PlaywrightError):  # when a file is so new that it isn't listed yet
                self.quick().locator(".quick-input-box input").fill(name, timeout=3000)
                # A key and no click: the list moves under the pointer while it is searched.
                self.quick().locator(".monaco-list-row.focused").filter(has=named).wait_for(timeout=3000)
                self.page.keyboard.press("Enter")
                self.page.locator(f'.tab.active[data-resource-name="{name}"]').wait_for(timeout=5000)
                return True
            self.page.keyboard.press("Escape")
            return False

        until(f"the file {name}", choose)

    def pick(self, text: str | re.Pattern[str]) -> None:
        """Choose a row of an open quick pick."""
        self.quick_row(text).click()

    def picks(self) -> list[str]:
        """Return the labels of an open quick pick, as far as they are on the screen."""
        self.quick().locator(".quick-input-list .monaco-list-row").first.wait_for()
        # A row that had a second line in an earlier list keeps it, hidden.
        return (
            self.quick().locator(".quick-input-list .monaco-list-row .label-name:visible").all_inner_texts()
        )

    def answer(self, text: str, prompt: str) -> None:
        """Type into the input box that has a prompt."""
        self.quick().locator(".quick-input-message", has_text=prompt).wait_for()
        self.quick().locator(".quick-input-box input").fill(text)
        self.page.keyboard.press("Enter")

    def name_file(self, title: str, path: Path) -> None:
        """Name a file in the dialog that has a title."""
        shown = self.quick().filter(has=self.page.locator(".quick-input-title", has_text=exactly(title)))
        shown.wait_for()

        def named() -> bool:
            # While it reads the folder of what was written, it takes no notice of anything.
            with suppress(PlaywrightError):
                shown.locator(".quick-input-box input").fill(str(path), timeout=1000)
                shown.locator(".monaco-button", has_text="OK").click(timeout=1000)
            with suppress(PlaywrightError):
                shown.wait_for(state="hidden", timeout=3000)
                return True
            return False

        until(f"a file named in {title}", named)

    # The editor.

    def squiggles(self, severity: str = "error") -> Locator:
        """Return the wavy lines of the open file that are on the screen."""
        return self.page.locator(f".editor-instance .squiggly-{severity}")

    def problems(self) -> list[str]:
        """Return what the Problems panel says of each finding, with its place."""
        if not self.page.locator(".markers-panel").is_visible():
            self.command("Problems: Focus on Problems View")
        self.page.locator(".markers-panel").wait_for()
        rows = self.page.locator('.markers-panel .monaco-list-row[role="treeitem"][aria-level="2"]')
        script = "rows => rows.map(row => row.getAttribute('aria-label') ?? '')"
        return [label for label in rows.evaluate_all(script) if label]

    def focus_editor(self) -> None:
        """Go to the editor: lenses are drawn only there, and fixes offered."""
        self.page.keyboard.press("Control+1")

    def go_to(self, line: int, column: int = 1) -> None:
        """Put the cursor somewhere, counted from 1."""
        there = self.page.locator('[id="status.editor.selection"]', has_text=f"Ln {line}, Col {column}")

        def gone() -> bool:
            self.focus_editor()
            self.page.keyboard.press("Control+G")
            with suppress(PlaywrightError):  # when a page that changes has swallowed a key
                self.quick().locator(".quick-input-box input").fill(f":{line}:{column}", timeout=3000)
                self.page.keyboard.press("Enter")
                there.wait_for(timeout=3000)
                return True
            self.page.keyboard.press("Escape")
            return False

        until(f"the cursor at {line}:{column}", gone)

    def text(self) -> str:
        """Return the open file's text, as far as it is on the screen."""
        lines = self.page.locator(".editor-group-container.active .view-lines").first
        script = """lines => [...lines.querySelectorAll('.view-line')]
            .sort((one, other) => parseFloat(one.style.top) - parseFloat(other.style.top))
            .map(line => line.textContent.replace(/\\u00a0/g, ' ')).join('\\n')"""
        return str(lines.evaluate(script))

    def write(self, text: str) -> None:
        """Write at the cursor, as a paste does: nothing is closed or suggested meanwhile."""
        self.page.keyboard.insert_text(text)

    def save(self) -> None:
        """Save the open file."""

        def saved() -> bool:
            self.page.keyboard.press("Control+S")
            with suppress(PlaywrightError):
                self.page.locator(".tab.active.dirty").wait_for(state="detached", timeout=3000)
                return True
            return False

        until("a file that is saved", saved)

    def fixes(self) -> list[str]:
        """Open the list of what can be done at the cursor, and return it."""

        def offered() -> list[str]:
            self.page.keyboard.press("Control+.")
            rows = self.page.locator(".action-widget .monaco-list-row.action")
            with suppress(PlaywrightError):
                rows.first.wait_for(timeout=5000)
                return [text.strip() for text in rows.all_inner_texts()]
            self.page.keyboard.press("Escape")
            return []

        return until("something to do at the cursor", offered)

    def fix(self, title: str) -> None:
        """Do one thing of the list at the cursor."""

        def done() -> bool:
            self.fixes()
            with suppress(PlaywrightError):  # findings that come meanwhile take the list away
                self.page.locator(".action-widget .monaco-list-row.action", has_text=title).first.click(
                    timeout=3000
                )
                return True
            self.page.keyboard.press("Escape")
            return False

        until(f"the fix {title}", done)

    def hover(self, part: str) -> str:
        """Return what is said about the place under the cursor, once it has a part."""
        shown = self.page.locator(".monaco-hover:visible", has_text=part).first

        def said() -> str:
            self.command("Show or Focus Hover")
            with suppress(PlaywrightError):  # findings that come meanwhile take a hover away
                return shown.inner_text(timeout=5000)
            return ""

        return until(f"a hover with {part}", said)

    def suggestions(self) -> list[str]:
        """Return what is suggested at the cursor."""
        rows = self.page.locator(".suggest-widget.visible .monaco-list-row .label-name")

        def suggested() -> list[str]:
            self.command("Trigger Suggest")
            with suppress(PlaywrightError):
                rows.first.wait_for(timeout=5000)
            return rows.all_inner_texts()

        return until("something to suggest", suggested)

    def lenses(self) -> list[str]:
        """Return the titles of the lenses on the screen."""
        self.focus_editor()
        shown = self.page.locator(".editor-instance .codelens-decoration a")
        shown.first.wait_for()
        return [text.strip() for text in shown.all_inner_texts()]

    def lens(self, title: str) -> None:
        """Choose the first lens with a title."""
        self.lenses()
        self.page.locator(".editor-instance .codelens-decoration a", has_text=title).first.click()

    # Terminals: the whole of what was printed, and not what is painted.

    def terminal(self) -> str:
        """Return what the terminal in front has shown; empty while there is none."""
        script = """() => {
            const terminals = [...document.querySelectorAll('.terminal-wrapper.active')];
            const terminal = terminals.find(one => one.xterm && one.checkVisibility());
            if (!terminal) return '';
            const buffer = terminal.xterm.buffer.active, lines = [];
            for (let number = 0; number < buffer.length; number++) {
                const line = buffer.getLine(number), text = line.translateToString(true);
                if (line.isWrapped && lines.length) lines[lines.length - 1] += text; else lines.push(text);
            }
            return lines.join('\\n').trimEnd();
        }"""
        return str(self.page.evaluate(script))

    def type_in_terminal(self, text: str) -> None:
        """Type a line into the terminal that is in front."""
        self.page.locator(".terminal-wrapper.active:visible .xterm-helper-textarea").focus()
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    # Messages: the ones in the corner hide themselves, the centre keeps them; progress shows there too.

    def toast(self, text: str | re.Pattern[str]) -> Locator:
        """Return the message that has a text: in the corner, or in the centre while that is open."""
        return self.page.locator(".notification-list-item:visible", has_text=text).first

    def press(self, toast: Locator, button: str) -> None:
        """Press a button of a message."""

        def pressed() -> bool:
            with suppress(PlaywrightError):
                toast.locator(".monaco-button", has_text=button).first.click(timeout=3000)
                return True
            self.command("Notifications: Show Notifications")  # it has hidden itself meanwhile
            return False

        until(f"the button {button}", pressed)

    def messages(self) -> list[str]:
        """Return every message that was not dismissed."""
        centre = self.page.locator(".notifications-center.visible")

        def shown() -> tuple[list[str]] | None:
            self.command("Notifications: Show Notifications")
            # It goes by itself with its last message, which may be what showed that something was done.
            with suppress(PlaywrightError):
                centre.wait_for(timeout=3000)
                said = centre.locator(".notification-list-item-message").all_inner_texts()
                self.page.keyboard.press("Escape")
                centre.wait_for(state="detached", timeout=3000)
                return (said,)
            return None

        (said,) = until("the messages", shown) or ([],)
        return said

    def dismiss_messages(self) -> None:
        """Dismiss every message."""
        self.command("Notifications: Clear All Notifications")

    def dialog(self, text: str, button: str) -> None:
        """Press a button of the dialog that has a text."""
        shown = self.page.locator(".monaco-dialog-box", has_text=text)
        shown.locator(".monaco-button", has_text=exactly(button)).click()
        shown.wait_for(state="detached")

    # Side bar, status bar, pages.

    def section(self, title: str) -> Locator:
        """Return a view of the side bar."""
        head = self.page.locator(".pane-header .title", has_text=exactly(title))
        return self.page.locator(".split-view-view .pane").filter(has=head)

    def tree(self, title: str) -> list[Row]:
        """Return the rows of a view that are on the screen, opened first if it is closed; none while it is empty."""
        head = self.section(title).locator(".pane-header")
        head.wait_for()
        if head.get_attribute("aria-expanded") == "false":
            head.click()
        # A list that was scrolled has its rows in any order.
        script = """rows => rows.sort((one, other) => one.dataset.index - other.dataset.index).map(row => [
            Number(row.getAttribute('aria-level')),
            row.querySelector('.label-name')?.textContent ?? '',
            row.querySelector('.label-description')?.textContent ?? '',
        ])"""
        rows = self.section(title).locator("[role=treeitem]").evaluate_all(script)
        return [Row(*row) for row in rows]

    def beside(self, title: str, label: str) -> str:
        """Return what stands beside the first row of a view whose label begins so; nothing while there is none."""
        return next((row.description for row in self.tree(title) if row.label.startswith(label)), "")

    def tree_row(self, title: str, label: str | re.Pattern[str]) -> Locator:
        """Return a row of a view."""
        return (
            self.section(title)
            .locator("[role=treeitem]")
            .filter(has=self.page.locator(".label-name", has_text=label))
            .first
        )

    def choose_in_menu(self, of: Locator, title: str) -> None:
        """Choose something of a row's context menu."""
        of.click(button="right")
        chosen = self.page.locator(".monaco-menu .action-label", has_text=exactly(title)).first

        def choose() -> bool:
            with suppress(PlaywrightError):
                chosen.click(timeout=1000)
            # A menu takes no notice of clicks at first, lest it is chosen from by accident.
            with suppress(PlaywrightError):
                self.page.locator(".monaco-menu").wait_for(state="detached", timeout=1000)
                return True
            return False

        until(f"{title} of the menu", choose)

    def status_item(self, text: str | re.Pattern[str]) -> Locator:
        """Return an item of the status bar."""
        return self.page.locator(".statusbar .statusbar-item", has_text=text).first

    def webview(self, number: int = -1) -> FrameLocator:
        """Return the inside of a page that the extension shows: the newest, if nothing else is said."""
        frames = self.page.frame_locator("iframe.webview.ready")
        outer = frames.last if number == -1 else frames.nth(number)
        return outer.frame_locator("iframe#active-frame")


def exactly(text: str) -> re.Pattern[str]:
    """Return a pattern for a whole text."""
    return re.compile(rf"^\s*{re.escape(text)}\s*$")


def keys(bindings: dict[str, tuple[str, object]]) -> list[dict[str, object]]:
    """Return key bindings as VS Code keeps them: key to command and argument."""
    return [
        {"key": key, "command": command, "args": json.loads(json.dumps(argument))}
        for key, (command, argument) in bindings.items()
    ]
