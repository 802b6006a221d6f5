"""Family CAL6: how large a sweep is, beside what its project allows; and jobs that it has twice."""

from __future__ import annotations

from caliban_ls.analysis.findings import Severity
from caliban_ls.analysis.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        code="CAL601",
        name="too-many-jobs",
        severity=Severity.WARNING,
        explanation=(
            "The sweep stands for more jobs than `limits.max_jobs` of the project's config, or your own limit, "
            "lets one submission have. As it stands it would be refused; a part of it can be submitted, and it "
            "can be run on this machine. The flag `--max_jobs` is your own word and goes over the limit."
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
            "project's config, or your own limit, allows; a price that isn't known counts as over it. As it "
            "stands it would be refused; fewer jobs, smaller machines or spot machines cost less."
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
            "Several jobs of the sweep have the very same flags, so that all but one of them tell nothing new. "
            "A flag for a seed makes repeated jobs different. Sweeps of more than 10,000 jobs are looked "
            "through block by block only."
        ),
        wrong='{"lr": [0.1, 0.2, 0.1]}\n',
        right='{"lr": [0.1, 0.2]}\n',
    ),
    Rule(
        code="CAL604",
        name="slow-to-submit",
        severity=Severity.INFORMATION,
        explanation=(
            "Google takes 60 submissions a minute of a project that wasn't granted more. Larger sweeps are "
            "submitted all the same; it takes the minutes that the message says, and can be interrupted and "
            "resumed."
        ),
        wrong='{"a": [1, 2, 3, 4, 5, 6, 7, 8], "b": [1, 2, 3, 4, 5, 6, 7, 8]}\n',
        right='{"a": [1, 2, 3, 4, 5, 6, 7], "b": [1, 2, 3, 4, 5, 6, 7, 8]}\n',
    ),
)
