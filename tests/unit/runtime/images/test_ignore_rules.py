"""The ignore rules, against the cases that Docker documents and that its own matcher is tested with."""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import accumulate

import pytest

from caliban_ls.analysis.document_kind import EXPERIMENT_FILES
from caliban_ls.core.errors import UsageError
from caliban_ls.runtime.images.ignore_rules import read_rules


def ignored(path: str, *files: str) -> bool:
    """Judge a path as a walk does: the folders above it first."""
    rules = read_rules([(f"file {number}", text) for number, text in enumerate(files)])
    verdict = rules.top()
    for part in accumulate(path.split("/"), "{}/{}".format):
        verdict = rules.judge(part, verdict)
    return verdict.ignored


def check(text: str, *, out: str = "", stay: str = "") -> None:
    """Hold that the lines leave out some paths and let others travel; both are lists between blanks."""
    rules = text.replace(" ", "\n")
    assert [path for path in out.split() if not ignored(path, rules)] == []
    assert [path for path in stay.split() if ignored(path, rules)] == []


def test_the_documented_patterns() -> None:
    check("*/temp*", out="somedir/temporary.txt somedir/temp/x", stay="temp a/b/temp")
    check("*/*/temp*", out="somedir/subdir/temporary.txt", stay="somedir/temp")
    check("temp?", out="tempa tempb tempa/x", stay="temp tempab a/tempa")
    check("**/*.go", out="x.go a/x.go a/b/x.go", stay="x.goo go")


def test_the_documented_exceptions() -> None:
    check("*.md !README.md", out="x.md", stay="README.md a/x.md")
    check("*.md !README*.md README-secret.md", out="x.md README-secret.md", stay="README.md README-1.md")
    check("*.md README-secret.md !README*.md", out="x.md", stay="README.md README-secret.md")


@pytest.mark.parametrize("line", ["foo/bar", "/foo/bar", "foo/bar/", "./foo/bar", "foo//bar", "  foo/bar\t"])
def test_one_path_in_many_spellings(line: str) -> None:
    assert ignored("foo/bar/x", line)
    assert not ignored("a/foo/bar", line)


def test_what_is_no_pattern() -> None:
    text = "\ufeffx\r\n\r\n   \r\n# comment\r\ny\r\n"
    assert ignored("x", text)
    assert ignored("y", text)
    assert not ignored("# comment", text)
    assert ignored("#y", " #y"), "a comment starts in the first column"


@pytest.mark.parametrize("line", [".", "/", "./", "a/..", "!.", "..", "../x"])
def test_lines_that_name_nothing_inside(line: str) -> None:
    assert not ignored("x", line)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("**", "a/b"),
        ("**/", "a"),
        ("**/**", "a/b"),
        ("dir/**", "dir/a/b"),
        ("**/dir", "dir"),
        ("**/dir", "dir/file"),
        ("**/dir2/*", "dir/dir2/file"),
        ("**/dir2/**", "dir/dir2/dir3/file"),
        ("**file", "dir/file"),
        ("**file", "dir/myfile"),
        ("**/file*txt", "dir/dir/file.txt"),
        ("**/**/*.txt", "file.txt"),
        ("a**/*.txt", "a/dir/dir/file.txt"),
        ("a/*.txt**", "a/file.txt"),
        ("a[b-d]e", "ace"),
        ("a[^b-d]e", "aze"),
        ("[Ж-Я]*", "Й"),
        ("[\\]a]", "]"),
        ("[x\\-]", "-"),
        ("[&~|]", "&"),
        ("a\\*b", "a*b"),
        ("a\\b", "ab"),
        ("a?b", "a☺b"),
        ("a.|)$(}+{bc", "a.|)$(}+{bc"),
        ("a]b", "a]b"),
        (".*", ".foo"),
    ],
)
def test_matches(pattern: str, path: str) -> None:
    assert ignored(path, pattern)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("dir/**", "dir"),
        ("**/dir2/*", "dir2"),
        ("**/**/*.txt2", "dir/file.txt"),
        ("a/*.txt", "a/dir/file.txt"),
        ("a[b-d]e", "ae"),
        ("a[^b-d]e", "ace"),
        (".*", "foo"),
        ("abc.def", "abcZdef"),
        ("a\\*b", "ab"),
        ("a???b", "a☺b"),
        ("a?b", "a/b"),
        ("**/.foo", "bar.foo"),
        ("foo", "foobar"),
        ("FOO", "foo"),
        ("foo", "foo\n"),
    ],
)
def test_matches_not(pattern: str, path: str) -> None:
    assert not ignored(path, pattern)


def test_folders_take_along_what_is_in_them() -> None:
    check("docs !docs/README.md", out="docs/x docs/a/README.md", stay="docs/README.md")
    check("docs/ !docs/README.md", out="docs/x", stay="docs/README.md")
    check("** !util/web util/web/foo", out="x util/x util/web/foo util/web/foo/x", stay="util/web/x")
    check("a/b !a", out="a/b a/b/x", stay="a a/c")
    check("!x.go *.go", out="x.go")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("!", "nothing follows the exclamation mark"),
        ("! ", "nothing follows the exclamation mark"),
        ("a[", "a bracket is wrong in 'a['"),
        ("[]a]", "a bracket is wrong in '[]a]'"),
        ("[^]", "a bracket is wrong in '[^]'"),
        ("[x-]", "a bracket is wrong in '[x-]'"),
        ("[a-b-c]", "a bracket is wrong in '[a-b-c]'"),
        ("[z-a]", "the range z-a runs backwards"),
        ("a\\", "a backslash has nothing to escape in 'a\\\\'"),
    ],
)
def test_lines_that_are_wrong(line: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_rules([(".dockerignore", f"# first\nok\n{line}\n")])
    assert str(caught.value) == f".dockerignore, line 3: {why}"


def test_the_last_file_wins() -> None:
    assert ignored("data/x", "data", "!other")
    assert not ignored("data/x", "data", "!data")
    assert ignored("data/x", "!data", "data")


def test_the_defaults_stand_first() -> None:
    left_out = (
        ".git/HEAD a/.git __pycache__/x.pyc a/__pycache__ .env .DS_Store node_modules/x .calibanconfig.json"
    )
    check("", out=left_out, stay="a/.calibanconfig.json environment .gitignore")
    check("!.git !.calibanconfig.json", out=".env", stay=".git/HEAD .calibanconfig.json")


NAMES = "experiment.json experiment-lr.json experiment_2.json experiment.a.json x.experiment.json a_experiment.json"


@pytest.mark.parametrize(
    "name", [*NAMES.split(), "experiments.json", "myexperiment.json", "experiment.jsonc"]
)
def test_experiments_of_the_root_stay_at_home(name: str) -> None:
    ours = any(fnmatchcase(name, pattern) for pattern in EXPERIMENT_FILES)
    assert ignored(name) == ours
    assert not ignored(f"trainer/{name}")


def spares(folder: str, *lines: str) -> bool:
    rules = read_rules([(".dockerignore", "\n".join(lines))])
    return rules.may_spare_below(folder)


def test_folders_that_need_no_visit() -> None:
    assert not spares("data", "data")
    assert not spares("data", "data", "!data")
    assert not spares("data", "*", "!*.py")
    assert not spares("data", "*", "!src/**")
    assert not spares("data/raw", "data", "!data/*.csv")
    assert not spares("data/raw", "data", "!data/small/x")


def test_folders_that_need_a_visit() -> None:
    assert spares("data", "data", "!data/x.csv")
    assert spares("data/raw", "data", "!data/*/x")
    assert spares("data/raw", "data", "!**/x")
    assert spares("data/raw", "data", "!data/r**")
    assert spares("data/raw", "data", "!data[/]raw/x")
    assert spares("src/a/b", "*", "!src/**")
