"""Family CAL3: what a project config (`.calibanconfig.json`) says, once it is JSON."""

from __future__ import annotations

from caliban_ls.analysis.findings import Severity
from caliban_ls.analysis.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        code="CAL301",
        name="not-a-config",
        severity=Severity.ERROR,
        explanation="A project config is one JSON object. `{}` is a config that says nothing.",
        wrong='["numpy"]\n',
        right='{"apt_packages": ["git"]}\n',
        kind="project",
    ),
    Rule(
        code="CAL302",
        name="unknown-key",
        severity=Severity.ERROR,
        explanation=(
            "The key isn't one that a project config has, so it would do nothing. A misspelt limit that does "
            "nothing can cost money, which is why this is an error. All keys are listed in `docs/config.md`."
        ),
        wrong='{"base_imge": "python:3.12-slim"}\n',
        right='{"base_image": "python:3.12-slim"}\n',
        kind="project",
    ),
    Rule(
        code="CAL303",
        name="wrong-type",
        severity=Severity.ERROR,
        explanation="The value has another JSON type than the key takes. The message names the right one.",
        wrong='{"apt_packages": "git"}\n',
        right='{"apt_packages": ["git"]}\n',
        kind="project",
    ),
    Rule(
        code="CAL304",
        name="bad-value",
        severity=Severity.ERROR,
        explanation=(
            "The value has the right type, but isn't one of those that the key takes, or not of the form "
            "that it must have."
        ),
        wrong='{"default_mode": "TPU"}\n',
        right='{"default_mode": "GPU"}\n',
        kind="project",
    ),
    Rule(
        code="CAL305",
        name="path-leaves-project",
        severity=Severity.ERROR,
        explanation=(
            "A project config travels with its repository, so it may name files of the project only: relative "
            "paths that don't climb out with `..`. What lies elsewhere is named on the command line."
        ),
        wrong='{"dirs": ["../data"]}\n',
        right='{"dirs": ["data"]}\n',
        kind="project",
    ),
    Rule(
        code="CAL306",
        name="key-without-effect",
        severity=Severity.WARNING,
        explanation=("The key is known, but this version doesn't act on it: nothing happens when it is set."),
        wrong='{"julia_version": "1.5"}\n',
        right="{}\n",
        kind="project",
    ),
    Rule(
        code="CAL307",
        name="image-is-gone",
        severity=Severity.ERROR,
        explanation=(
            "The images under `gcr.io/blueshift-playground` were the original program's own; they can't be "
            "pulled any more. Use a public image such as `python:3.12-slim`; packages like torch and jax bring "
            "their own CUDA libraries."
        ),
        wrong='{"base_image": "gcr.io/blueshift-playground/blueshift:gpu"}\n',
        right='{"base_image": "python:3.12-slim"}\n',
        kind="project",
    ),
)
