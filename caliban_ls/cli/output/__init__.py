"""Results as text for people: one function for each command of the command line, a module for each kind of result.

Knows rich; knows neither flags nor how a result comes about. A command's module is imported when it has a result.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SHOW: Final[Mapping[str, str]] = {
    "check": ".cli.output.documents:show_check",
    "expand": ".cli.output.documents:show_expand",
    "rule": ".cli.output.documents:show_rule",
    "rules": ".cli.output.documents:show_rules",
    "catalog": ".cli.output.hardware:show_catalog",
    "hardware": ".cli.output.hardware:show_hardware",
    "build": ".cli.output.containers:show_build",
    "shell": ".cli.output.containers:show_shell",
    "notebook": ".cli.output.containers:show_notebook",
    "run": ".cli.output.containers:show_run",
    "cloud": ".cli.output.cloud:show_cloud",
    "resume": ".cli.output.cloud:show_resubmit",
    "status": ".cli.output.jobs:show_status",
    "logs": ".cli.output.jobs:show_logs",
    "stop": ".cli.output.jobs:show_stop",
    "resubmit": ".cli.output.cloud:show_resubmit",
    "export": ".cli.output.jobs:show_export",
    "containers": ".cli.output.containers:show_containers",
    "attach": ".cli.output.containers:show_shell",
    "trust": ".cli.output.setup:show_trust",
    "doctor": ".cli.output.setup:show_doctor",
    "init": ".cli.output.setup:show_init",
}
"""The function that shows each command's result, as `commands.load` takes it."""
