"""Configs in a real VS Code: findings where they belong, fixes that mend, and JSON's own comforts without its complaints."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from support.program import caliban
from support.window import Window, until

BROKEN = """\
// Two classifiers, each with the strength that suits it.
{
  "[model,C]": [["logistic", 0.01], ["svm", 10]],
  "imags": [100, 300, 600, 1200], # misspelled
  /* bare */ "standardize": True,
}
"""
REPAIRS = (
    ("CAL503", 3, 38, 'Use "svc"'),
    ("CAL501", 4, 3, 'Rename to "images"'),
    ("CAL120", 5, 29, "Replace with `true`"),
    ("CAL108", 5, 33, "Remove it"),
)
"""Each finding of it: code, line, column and fix. The last is a hint, which the Problems panel leaves out."""

THEMES = ("2026-light", "dark_modern", "hc_black", "monokai", "solarized-light", "abyss")
"""Parts of the names of themes' files, by which VS Code's page knows them."""

NAMES = ("Light 2026", "Dark Modern", "Default High Contrast", "Monokai", "Solarized Light", "Abyss")


def settings(project: Path, **values: object) -> None:
    """Write the folder's settings, and no others."""
    path = project / ".vscode/settings.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(values))


def findings(window: Window, file: str) -> list[str]:
    """Return what the Problems panel says of each finding of a file: message, code and place."""
    window.problems()
    # In one look: rows come and go meanwhile.
    script = """rows => rows.map(row => [
        row.getAttribute('aria-level'),
        row.querySelector('.label-name')?.textContent ?? '',
        row.textContent,
    ])"""
    rows = window.page.locator('.markers-panel .monaco-list-row[role="treeitem"]').evaluate_all(script)
    found: dict[str, list[str]] = {}
    name = ""
    for level, label, text in rows:
        if level == "1":
            name = label
        else:
            found.setdefault(name, []).append(text)
    return found.get(file, [])


def codes(window: Window, file: str) -> set[str]:
    """Return the codes of a file's findings."""
    return {code for row in findings(window, file) for code in re.findall(r"CAL\d{3}", row)}


def test_findings_stand_where_they_belong_and_each_fix_repairs_its_own(window: Window, project: Path) -> None:
    path = project / "experiment.json"
    sound = path.read_text()
    path.write_text(BROKEN)
    window.open("experiment.json")
    errors = REPAIRS[:-1]
    wanted = {code for code, *_ in errors}
    until("all findings", lambda: codes(window, "experiment.json") == wanted)
    said = findings(window, "experiment.json")
    assert len(said) == len(errors), said  # JSON's own validator would have more to say
    for code, line, column, _ in errors:
        assert any(code in row and f"[Ln {line}, Col {column}]" in row for row in said), said
    assert window.squiggles("hint").count() == 1
    window.shot("findings")
    for code, line, column, title in reversed(REPAIRS):
        window.go_to(line, column)
        window.fix(title)
        wanted.discard(code)
        until(f"{code} to go", lambda: codes(window, "experiment.json") == wanted)
        until("the hint to go", lambda: window.squiggles("hint").count() == 0)
    window.save()
    repaired = path.read_text()
    assert "/* bare */" in repaired
    assert "# misspelled" in repaired
    assert json.loads(caliban("check", "experiment.json", "--json", folder=project).stdout) == []
    path.write_text(sound)


def test_hovers_and_completions_are_shown(window: Window) -> None:
    window.open("experiment.json")
    window.go_to(6, 6)
    assert "--images" in window.hover("--images")
    window.page.keyboard.press("Escape")
    window.go_to(8, 22)
    window.write(",\n  ")
    window.write('""')
    window.page.keyboard.press("ArrowLeft")
    flags = {"seed", "gamma", "trees"}
    until("the flags", lambda: flags <= {one.strip('"-') for one in window.suggestions()})
    window.page.keyboard.press("Escape")
    window.command("File: Revert File")


def test_comments_are_toggled_brackets_closed_and_lines_indented(window: Window, project: Path) -> None:
    quiet = {
        "editor.quickSuggestions": {"strings": "off", "other": "off"},
        "editor.suggestOnTriggerCharacters": False,
        "editor.inlayHints.enabled": "off",  # they'd stand among the text
    }
    settings(project, **{"[caliban-experiment]": quiet})
    (project / "new.experiment.json").write_text("")
    window.open("new.experiment.json")
    window.focus_editor()
    # At a person's pace: what closes by itself depends on colours that come a moment later.
    window.page.keyboard.type('{\n"lr": [1, 2],\n"wd": [\n3', delay=50)
    wanted = '{\n  "lr": [1, 2],\n  "wd": [\n    3\n  ]\n}'
    until("pairs and indents", lambda: window.text() == wanted)
    window.go_to(2)
    window.page.keyboard.press("Control+/")
    until("a comment", lambda: '  // "lr": [1, 2],' in window.text())
    window.page.keyboard.press("Control+/")
    until("no comment", lambda: window.text() == wanted)
    window.go_to(3)
    window.command("Fold")
    until("a fold", lambda: "3" not in window.text())
    window.command("Unfold All")
    until("the lines again", lambda: window.text() == wanted)
    window.save()
    (project / "new.experiment.json").unlink()
    settings(project)


TEXT = r"""
// a comment
{
  "key": "text\n and \u00e9",
  "[a,b]": [[1, -2.5e3], [true, null]],
  /* another */ "nested": {"list": [false, "x"]}
}
"""


def coloured(window: Window) -> list[list[tuple[str, str]]]:
    """Return the pieces of each line with the colours and styles that they are drawn in."""
    script = """lines => [...lines.querySelectorAll('.view-line')]
        .sort((one, other) => parseFloat(one.style.top) - parseFloat(other.style.top))
        .map(line => [...line.querySelectorAll('span > span')].flatMap(span => {
            const style = getComputedStyle(span);
            const look = [style.color, style.fontStyle, style.fontWeight].join(' ');
            return [...span.textContent].filter(mark => mark.trim()).map(mark => [mark, look]);
        }))"""
    found: list[list[tuple[str, str]]] = window.page.locator(
        ".editor-group-container.active .view-lines"
    ).first.evaluate(script)
    return found


@pytest.mark.parametrize(("theme", "name"), list(zip(THEMES, NAMES, strict=True)))
def test_every_theme_colours_a_config_like_json(window: Window, project: Path, theme: str, name: str) -> None:
    settings(
        project,
        **{"workbench.colorTheme": name, "editor.inlayHints.enabled": "off", "editor.codeLens": False},
    )
    window.page.locator(f'.monaco-workbench[class*="{theme}"]').wait_for()
    for file in ("like.jsonc", "like.experiment.json"):
        (project / file).write_text(TEXT)
    window.open("like.jsonc")
    wanted = until("colours", lambda: distinct(coloured(window)))
    window.open("like.experiment.json")
    until(f"the colours of JSON in {name}", lambda: distinct(coloured(window)) == wanted)
    for file in ("like.jsonc", "like.experiment.json"):
        (project / file).unlink()
    settings(project)


def distinct(pieces: list[list[tuple[str, str]]]) -> list[list[tuple[str, str]]] | None:
    """Return the pieces once they are coloured: before that, all look alike."""
    looks = {look for line in pieces for _, look in line}
    return pieces if len(looks) > 3 else None


@pytest.mark.parametrize(
    ("name", "icon"), [("experiment.json", "experiment-"), (".calibanconfig.json", "config-")]
)
def test_both_languages_have_icons(window: Window, name: str, icon: str) -> None:
    window.page.keyboard.press("Control+Shift+E")
    label = window.page.locator(f'.explorer-folders-view .monaco-icon-label[aria-label*="{name}"]').first
    script = "label => getComputedStyle(label, '::before').backgroundImage"
    until(f"the icon of {name}", lambda: icon in str(label.evaluate(script)))


def language(window: Window) -> str:
    return window.page.locator('[id="status.editor.mode"]').inner_text().strip()


def test_any_json_file_becomes_an_experiment_and_plain_again(window: Window, project: Path) -> None:
    settings(project)
    other = project / "conf/other.json"
    other.parent.mkdir(exist_ok=True)
    other.write_text('{"lr": []}')
    window.open("other.json")
    until("JSON", lambda: language(window) == "JSON")
    assert window.squiggles().count() == 0
    window.command("Caliban: Treat as Caliban Experiment")
    until("the language", lambda: language(window) == "Caliban Experiment")
    until("a finding", lambda: "CAL202" in codes(window, "other.json"))
    kept = json.loads((project / ".vscode/settings.json").read_text())
    assert kept == {"caliban.experimentFiles": ["conf/other.json"]}
    window.command("View: Close All Editors")
    window.open("other.json")
    until("the language again", lambda: language(window) == "Caliban Experiment")
    window.command("Caliban: Treat as Plain JSON")
    until("plain JSON", lambda: language(window) == "JSON")
    until("no finding", lambda: "CAL202" not in codes(window, "other.json"))
    assert "conf/other.json" not in (project / ".vscode/settings.json").read_text()
    other.unlink()


def test_settings_say_which_files_are_experiments(window: Window, project: Path) -> None:
    sweep = project / "conf/sweep.json"
    sweep.parent.mkdir(exist_ok=True)
    sweep.write_text("{}")
    window.open("sweep.json")
    until("JSON", lambda: language(window) == "JSON")
    settings(project, **{"caliban.experimentFiles": ["conf/*.json"]})
    until("the language", lambda: language(window) == "Caliban Experiment")
    settings(project)
    until("plain JSON", lambda: language(window) == "JSON")
    sweep.unlink()
