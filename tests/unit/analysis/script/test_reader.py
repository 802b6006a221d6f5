"""Read flags from scripts, one script a case; what the text doesn't settle stays open."""

from __future__ import annotations

import pytest
from support.scripts import PARSE, PARSER, argparse_script, flag_named, flag_names, script_of

from caliban_ls.analysis.script import read_script

WHOLE = {
    "an alias of the method": 'add = parser.add_argument\nadd("--x")',
    "getattr": 'getattr(parser, "add_argument")("--x")',
    "a known loop": 'for name in ["x", "y"]:\n    parser.add_argument("--" + name)',
    "a loop with a condition": 'for name in ["x", "y"]:\n    if name != "y":\n        parser.add_argument("--" + name)',
    "a helper": 'def add(target, name):\n    target.add_argument(name)\n\nadd(parser, "--x")',
    "a helper that hands it on": 'def add(p):\n    p.add_argument("--x")\n    return p\n\nparser = add(parser)',
    "both ways": 'import os\nif os.environ.get("A"):\n    parser.add_argument("--x")\nelse:\n    parser.add_argument("--y")',
    "a cached function": (
        "import functools\n@functools.lru_cache(maxsize=None)\ndef make():\n    p = argparse.ArgumentParser()\n"
        '    p.add_argument("--x")\n    return p\n\nparser = make()'
    ),
    "help when nothing is given": 'import sys\nparser.add_argument("--x")\nif len(sys.argv) == 1:\n    sys.exit(1)',
    "a dead helper with a parser of its own": 'parser.add_argument("--x")\ndef never(p):\n    p.add_argument("--y")',
    "groups in another order": (
        'first = parser._action_groups.pop()\nparser.add_argument_group("required").add_argument("--x")\n'
        "parser._action_groups.append(first)"
    ),
    "a look at the actions afterwards": (
        'parser.add_argument("--x")\nparser.parse_args()\nprint([one.dest for one in parser._actions])'
    ),
    "an attribute of an action": 'parser.add_argument("--x").completer = None',
    "a nested function": 'def outer():\n    def inner():\n        parser.add_argument("--x")\n    inner()\n\nouter()',
}


@pytest.mark.parametrize("case", WHOLE)
def test_scripts_that_are_known_wholly(case: str) -> None:
    script = argparse_script(WHOLE[case])
    assert script.complete
    assert script.certain
    assert "x" in flag_names(script)


OPEN = {
    "a loop over unknown names": 'import os\nfor name in os.listdir():\n    parser.add_argument("--" + name)',
    "a partial": 'import functools\nfunctools.partial(parser.add_argument, type=int)("--y")',
    "a lambda": 'list(map(lambda name: parser.add_argument(name), open("names")))',
    "a library's function": "import lightning\nlightning.add_arguments(parser)",
    "a method of the class itself": 'argparse.ArgumentParser.add_argument(parser, "--y")',
    "a registered function": '@registry.hook\ndef add():\n    parser.add_argument("--y")\n\nregistry.run()',
    "a parser in a list": "import lightning\nlightning.fill([{1: parser}])",
    "unknown parents": "import lightning\nparser = argparse.ArgumentParser(parents=[lightning.parser()])",
    "names from a file": 'parser.add_argument(*open("names").read().split())',
    "code from a text": 'exec("parser.add_argument(\\"--y\\")")',
    "a custom registry": "REGISTRY = {}\nREGISTRY[input()](parser)",
    "arguments looked for by hand": 'import sys\nif "--y" in sys.argv:\n    sys.exit(0)',
    "fields of a class": (
        "import dataclasses\nclass C:\n    y: int = 1\nfor one in dataclasses.fields(C):\n"
        '    parser.add_argument("--" + one.name)'
    ),
    "a comprehension": '[parser.add_argument("--" + name) for name in open("names")]',
    "an unknown decorator": (
        "import lightning\n@lightning.wrap\ndef make():\n    p = argparse.ArgumentParser()\n    return p\n\nparser = make()"
    ),
}


@pytest.mark.parametrize("case", OPEN)
def test_scripts_that_may_have_more_flags(case: str) -> None:
    script = argparse_script('parser.add_argument("--x")\n' + OPEN[case])
    assert not (script.complete and script.certain)


REGISTRY = """
MODELS = {"base": None}

def register(name):
    def enter(entered):
        MODELS[name] = entered
        return entered

    return enter

"""
CHOOSES = """
import argparse
from models import MODELS

parser = argparse.ArgumentParser()
parser.add_argument("--model", choices=sorted(MODELS))
parser.parse_args()
"""

REGISTRIES: dict[str, tuple[str, tuple[str, ...] | None]] = {
    "a class": ('@register("net")\nclass Net: ...\n', ("base", "net")),
    "a function": ('@register("net")\ndef net(): ...\n', ("base", "net")),
    "a class by a method": (
        (
            "class Registry:\n    def enter(self, entered):\n        MODELS[entered.__name__] = entered\n"
            "        return entered\n\nhere = Registry()\n\n@here.enter\nclass Net: ...\n"
        ),
        ("Net", "base"),
    ),
    "a subclass": (
        (
            "class Base:\n    def __init_subclass__(cls, name):\n        MODELS[name] = cls\n\n"
            'class Net(Base, name="net"): ...\n'
        ),
        ("base", "net"),
    ),
    "a module that is named": ('import importlib\nimportlib.import_module("models.net")\n', ("base", "net")),
    "modules that are found": (
        "import importlib, pkgutil\nfor one in pkgutil.iter_modules(__path__):\n    importlib.import_module(one.name)\n",
        None,
    ),
    "modules that are listed": (
        "import importlib, os\nfor one in os.listdir():\n    importlib.import_module(one)\n",
        None,
    ),
    "plugins": (
        "from importlib.metadata import entry_points\nfor one in entry_points():\n    one.load()\n",
        None,
    ),
    "a metaclass": (
        (
            "class Meta(type):\n    def __init__(cls, name, *rest):\n        MODELS[name] = cls\n\n"
            "class Net(metaclass=Meta): ...\n"
        ),
        None,
    ),
    "a call of an unknown method": ("MODELS.clear()\n", None),
    "an empty registry": ("MODELS = {}\n", None),
}


@pytest.mark.parametrize("case", REGISTRIES)
def test_choices_are_what_was_entered_in_a_registry(case: str) -> None:
    body, choices = REGISTRIES[case]
    files = {
        "models/__init__.py": REGISTRY + body,
        "models/net.py": 'from models import register\n@register("net")\nclass Net: ...\n',
    }
    assert flag_named(script_of(CHOOSES, files), "model").choices == choices


def test_modules_that_are_found_later_may_enter_themselves_in_what_is_read_after_them() -> None:
    finds = "import importlib\nimportlib.import_module(input())\n"
    assert flag_named(script_of(finds + CHOOSES, {"models.py": REGISTRY}), "model").choices is None


def test_modules_that_are_found_after_the_command_line_was_read_change_nothing() -> None:
    files = {"options.py": PARSER + 'parser.add_argument("--x", choices=["a"])\n'}
    script = script_of(
        "import importlib\nfrom options import parser\nimportlib.import_module(parser.parse_args().x)", files
    )
    assert script.complete
    assert flag_named(script, "x").choices == ("a",)


def test_classes_in_a_registry_bring_their_flags() -> None:
    script = argparse_script(
        "ALL = []\n\ndef enter(entered):\n    ALL.append(entered)\n    return entered\n\n@enter\nclass Net:\n"
        '    @staticmethod\n    def add(target):\n        target.add_argument("--width")\n\n'
        "for one in ALL:\n    one.add(parser)"
    )
    assert flag_names(script) == ["width"]


def test_a_text_of_choices_is_no_list_of_them() -> None:
    assert flag_named(argparse_script('parser.add_argument("--x", choices="abc")'), "x").choices is None


UNCERTAIN = {
    "changed": "import sys\nsys.argv.remove('--x')",
    "set": "import sys\nsys.argv = ['a']",
    "cut": "import sys\ndel sys.argv[1]",
    "grown": "import sys\nsys.argv += ['--x']",
    "changed under another name": "from sys import argv\nargv.insert(1, '--x')",
    "private": "parser._get_values(None, None)",
    "its actions": "for one in parser._actions:\n    one.required = False",
    "a group's actions": "for one in parser.add_argument_group()._group_actions:\n    one.required = False",
    "its actions by name": 'for one in getattr(parser, "_actions"):\n    one.required = False',
    "its table of flags": 'parser._option_string_actions["--y"] = parser.add_argument("--x")',
}


@pytest.mark.parametrize("case", UNCERTAIN)
def test_a_command_line_that_is_changed_is_not_checked(case: str) -> None:
    assert not argparse_script(UNCERTAIN[case]).certain


@pytest.mark.parametrize(
    "call",
    [
        "parse_args(['--x'] + words)",
        "parse_args(input().split())",
        "parse_args(sys.argv[2:])",
        "parse_args(sys.argv)",
    ],
)
def test_a_parser_that_is_given_something_else_is_not_checked(call: str) -> None:
    assert not script_of(f"import sys\n{PARSER}words = input()\nparser.{call}\n").certain


def test_nothing_is_known_without_a_parser() -> None:
    for text in ("print(1)\n", "", "import sys\nprint(sys.argv[1])\n"):
        script = script_of(text)
        assert (script.library, script.flags, script.complete, script.certain) == (None, (), False, False)


def test_a_text_that_is_no_python_is_no_script() -> None:
    for text in ("def (", "\0", "x" * 400_000, "(" * 5000 + ")" * 5000):
        assert read_script("train.py", {"train.py": text}.get) is None
    nothing: dict[str, str] = {}
    assert read_script("train.py", nothing.get) is None


def test_a_script_without_an_end_is_not_checked() -> None:
    endless = "def f():\n    g()\n\ndef g():\n    f()\n\nf()\n"
    many = "".join(
        f"for a{n} in range(200):\n{' ' * 4}for b in range(200):\n{' ' * 8}print(a{n})\n" for n in range(9)
    )
    for body in (endless, many):
        script = argparse_script(body)
        assert not script.complete
        assert not script.certain


def test_modules_of_the_project_are_followed_and_remembered() -> None:
    files = {
        "trainer/__init__.py": "",
        "trainer/options/__init__.py": "from .base import add as add_base\n",
        "trainer/options/base.py": "from ..shared import NAME\ndef add(p):\n    p.add_argument(NAME)\n",
        "trainer/shared.py": 'NAME = "--from-shared"\n',
        "lonely.py": 'def add(p):\n    p.add_argument("--lonely")\n',
    }
    text = (
        "import argparse\nimport trainer.options\nimport lonely\nfrom trainer.options import base as b\n"
        "def main():\n    p = argparse.ArgumentParser()\n    trainer.options.add_base(p)\n    lonely.add(p)\n"
        "    p.parse_args()\nif __name__ == '__main__':\n    main()\n"
    )
    script = script_of(text, files, "trainer/train.py")
    assert flag_names(script) == ["from-shared", "lonely"]
    assert script.complete
    assert {"trainer/train.py", "trainer/options/base.py", "lonely.py"} <= script.files
    assert flag_named(script, "from-shared").path == "trainer/options/base.py"


def test_where_a_flag_is_defined_and_spelled() -> None:
    text = (
        PARSER
        + 'ü = "größe"; parser.add_argument("-g", \'--größe\', help="""how\n  large""")  # 🚂\n'
        + PARSE
    )
    found = flag_named(script_of(text), "größe")
    assert text[found.span.start : found.span.end].startswith("parser.add_argument(")
    assert text[found.span.start : found.span.end].endswith(")")
    assert [text[one.start : one.end] for one in found.name_spans] == ["-g", "--größe"]
    assert found.help == "how large"


def test_a_name_that_is_made_up_has_no_place() -> None:
    assert (
        flag_named(argparse_script('for n in ("a",):\n    parser.add_argument(f"--{n}x")'), "ax").name_spans
        == ()
    )


def test_a_field_is_named_where_it_stands() -> None:
    text = "import dataclasses, tyro\n@dataclasses.dataclass\nclass C:\n    lr: float = 0.1\ntyro.cli(C)\n"
    found = flag_named(script_of(text), "lr")
    assert [text[one.start : one.end] for one in found.name_spans] == ["lr"]


def test_a_flag_that_takes_a_name_over_requires_nothing() -> None:
    body = 'parser = argparse.ArgumentParser(conflict_handler="resolve")\n'
    body += 'parser.add_argument("--x", required=True)\nparser.add_argument("--x")'
    assert not any(one.required for one in argparse_script(body).flags)


def test_unknown_settings_are_unknown() -> None:
    script = argparse_script(
        'import os\nparser.add_argument("--x", type=os.T, choices=os.C, nargs=os.N, required=os.R, default=os.D)'
    )
    found = flag_named(script, "x")
    assert (found.kind, found.choices, found.arity, found.required, found.default) == (
        None,
        None,
        None,
        False,
        None,
    )
