"""Family CAL3: the keys and values of a project config (`.calibanconfig.json`) that is valid JSON."""

from __future__ import annotations

from caliban_ls.analysis.findings import Severity
from caliban_ls.analysis.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        code="CAL301",
        name="not-a-config",
        severity=Severity.ERROR,
        explanation="A project config is one JSON object. `{}` is a config without settings.",
        wrong='["numpy"]\n',
        right='{"apt_packages": ["git"]}\n',
        kind="project",
    ),
    Rule(
        code="CAL302",
        name="unknown-key",
        severity=Severity.ERROR,
        explanation=(
            "A project config has no such key, so it would have no effect. This is an error because a misspelt "
            "limit can cost money. `docs/config.md` lists all keys."
        ),
        wrong='{"base_imge": "python:3.12-slim"}\n',
        right='{"base_image": "python:3.12-slim"}\n',
        kind="project",
    ),
    Rule(
        code="CAL303",
        name="wrong-type",
        severity=Severity.ERROR,
        explanation="The value doesn't have the JSON type that the key takes. The message names the right type.",
        wrong='{"apt_packages": "git"}\n',
        right='{"apt_packages": ["git"]}\n',
        kind="project",
    ),
    Rule(
        code="CAL304",
        name="bad-value",
        severity=Severity.ERROR,
        explanation=(
            "The value has the right type, but the key takes only certain values, or values of a certain form. The "
            "message names them."
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
            "A project config is part of a repository, so it may name only files of the project: relative paths "
            "that don't leave it by `..`. Name other files on the command line."
        ),
        wrong='{"dirs": ["../data"]}\n',
        right='{"dirs": ["data"]}\n',
        kind="project",
    ),
    Rule(
        code="CAL306",
        name="key-without-effect",
        severity=Severity.WARNING,
        explanation="The original program has this key, but it has no effect in this version.",
        wrong='{"julia_version": "1.5"}\n',
        right="{}\n",
        kind="project",
    ),
    Rule(
        code="CAL307",
        name="image-is-gone",
        severity=Severity.ERROR,
        explanation=(
            "The images under `gcr.io/blueshift-playground` belonged to the original program and can't be pulled any "
            "more. Use a public image such as `python:3.12-slim`; packages like torch and jax contain their CUDA "
            "libraries."
        ),
        wrong='{"base_image": "gcr.io/blueshift-playground/blueshift:gpu"}\n',
        right='{"base_image": "python:3.12-slim"}\n',
        kind="project",
    ),
)
