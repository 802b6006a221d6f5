"""Family CAL6: the size and cost of a sweep, against the limits of its project, and jobs that it has twice."""

from __future__ import annotations

from caliban_ls.analysis.findings import Severity
from caliban_ls.analysis.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        code="CAL601",
        name="too-many-jobs",
        severity=Severity.WARNING,
        explanation=(
            "The sweep has more jobs than `limits.max_jobs` of the project's config, or your own limit, allows in "
            "one submission. `caliban cloud` refuses it. Submit a part of it, run it on this machine, or raise the "
            "limit for one submission with the flag `--max_jobs`."
        ),
        wrong='{"seed": [1, 2, 3, 4]}\n',
        right='{"seed": [1, 2]}\n',
        project='{"limits": {"max_jobs": 3}}\n',
    ),
    Rule(
        code="CAL602",
        name="too-dear",
        severity=Severity.WARNING,
        explanation=(
            "All jobs of the sweep together would cost more an hour than `limits.max_cost_per_hour` of the "
            "project's config, or your own limit, allows. An unknown price counts as over the limit. `caliban cloud` "
            "refuses the sweep; fewer jobs, smaller machines or spot machines cost less."
        ),
        wrong='{"seed": [1, 2, 3, 4]}\n',
        right='{"seed": [1, 2]}\n',
        project='{"limits": {"max_cost_per_hour": 2}}\n',
    ),
    Rule(
        code="CAL603",
        name="identical-jobs",
        severity=Severity.WARNING,
        explanation=(
            "Several jobs of the sweep have the same flags, so they compute the same result. A flag for a seed makes "
            "repeated jobs different. In sweeps of more than 10,000 jobs, only jobs of one block are compared."
        ),
        wrong='{"lr": [0.1, 0.2, 0.1]}\n',
        right='{"lr": [0.1, 0.2]}\n',
    ),
    Rule(
        code="CAL604",
        name="slow-to-submit",
        severity=Severity.INFORMATION,
        explanation=(
            "Google accepts 60 submissions a minute from a project, unless the project has a larger quota. Larger "
            "sweeps can be submitted; the message says how many minutes that takes. You can interrupt and resume it."
        ),
        wrong='{"a": [1, 2, 3, 4, 5, 6, 7, 8], "b": [1, 2, 3, 4, 5, 6, 7, 8]}\n',
        right='{"a": [1, 2, 3, 4, 5, 6, 7], "b": [1, 2, 3, 4, 5, 6, 7, 8]}\n',
    ),
)
