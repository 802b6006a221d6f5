"""The files that `init` writes: valid as they stand, and explaining themselves."""

from __future__ import annotations

from collections.abc import Mapping

FILES: Mapping[str, str] = {
    ".calibanconfig.json": """\
{
  // What `caliban build` and `caliban run` take when no MODULE is given.
  // "module": "trainer.train",

  // The image to build on. Without it: python:3.12-slim, or the Python that the project asks for.
  // "base_image": "python:3.12-slim",

  // Debian packages to install into the image.
  "apt_packages": [],

  // Where jobs run, and on what. `caliban catalog machines` shows what there is.
  "cloud": {
    "region": "us-central1",
    "machine_type": "n1-standard-8",
    "gpu_spec": "1xT4"
  },

  // No command goes beyond these without being told to.
  "limits": {
    "max_jobs": 100
  }
}
""",
    "experiment.json": """\
// One job for each combination: a list multiplies, and the flags of a compound key vary together.
// `caliban expand experiment.json` lists the jobs.
{
  "learning_rate": [0.1, 0.01],
  "[batch_size,epochs]": [[32, 5], [256, 40]],
  "verbose": true
}
""",
}
