"""`init`: write a commented config and a first experiment, both valid."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.document_kind import PROJECT_FILE
from caliban_ls.analysis.script import Script
from caliban_ls.core import project_files
from caliban_ls.core.errors import UsageError
from caliban_ls.operations.check import checker_of
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.first_experiment import first_experiment
from caliban_ls.operations.schemas.setup import InitArguments, InitResult


def init(arguments: InitArguments, context: Context) -> InitResult:
    """Write a commented project config and an experiment; what exists is left alone."""
    written, kept = [], []
    texts = dict(files(arguments.name))
    script = _script_of(texts, context)
    if script is not None:
        *_, experiment = texts
        texts[PROJECT_FILE] = texts[PROJECT_FILE].replace(_NO_MODULE, f'"module": {json.dumps(script.path)},')
        texts[experiment] = first_experiment(script, experiment) or texts[experiment]
    for name, text in texts.items():
        try:
            project_files.write_new(context.folder, name, text)
            written.append(name)
        except FileExistsError:
            kept.append(name)
        except OSError as error:
            raise UsageError(
                f"{name} can't be written: {error.strerror or error}",
                hint="Run this in a folder of your own.",
            ) from error
    return InitResult(written=tuple(written), kept=tuple(kept))


def _script_of(texts: Mapping[str, str], context: Context) -> Script | None:
    """Return the script that a new experiment is for, None if none is found."""
    *_, experiment = texts
    path = (context.folder / experiment).absolute()
    return checker_of(context).inputs(jsondoc.parse("{}"), "experiment", path).script


def files(name: str | None = None) -> Mapping[str, str]:
    """Return the texts of the files, by name.

    Args:
        name: of the experiment, None for the plain one.

    Raises:
        UsageError: the name can't be a file's.
    """
    if name is None:
        experiment = "experiment.json"
    elif re.fullmatch(r"[^\W_][\w.-]{0,99}", name):
        experiment = f"{name}.experiment.json"
    else:
        raise UsageError(
            f"An experiment can't be called {name!r}",
            hint="Take up to 100 letters, digits, dots, - and _, of which the first is a letter or digit.",
        )
    return {".calibanconfig.json": _CONFIG, experiment: _EXPERIMENT.replace("experiment.json", experiment)}


_NO_MODULE = '// "module": "trainer.train",'

_CONFIG = """\
{
  // The MODULE of `caliban build` and `caliban run` when the command line names none.
  // "module": "trainer.train",

  // The image to build on. Without it: python:3.12-slim, or the Python that the project asks for.
  // "base_image": "python:3.12-slim",

  // Debian packages to install into the image.
  "apt_packages": [],

  // Jobs use no GPU, neither on this machine nor in the cloud, unless --gpu says so. "GPU" here asks for one each time:
  // for that of this machine, and in the cloud for the "gpu_spec" below, or one T4 where it stays a comment.
  "default_mode": "CPU",

  // Where jobs run, and on what. `caliban catalog machines` shows what there is and what it costs.
  "cloud": {
    "region": "us-central1",
    // "gpu_spec": "1xT4",
    "machine_type": "n1-standard-8"
  },

  // Commands refuse to exceed these limits, unless a flag allows it.
  "limits": {
    "max_jobs": 100
  }
}
"""

_EXPERIMENT = """\
// One job for each combination: a list multiplies, and the flags of a compound key vary together.
// `caliban expand experiment.json` lists the jobs.
// No flags of a script were found here, so these keys are examples: write those of your script.
{
  "learning_rate": [0.1, 0.01],
  "[batch_size,epochs]": [[32, 5], [256, 40]],
  "verbose": true
}
"""
