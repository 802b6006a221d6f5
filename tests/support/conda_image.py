"""A base image with a conda: a channel of one hand-made package, and rattler for the program.

No machine without conda's own registry has micromamba. Its command line is stood in for by a few lines; the
solver that reads the channel and the installer that fills the environment are the real ones of py-rattler.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import tarfile
from pathlib import Path

from support.docker_queries import REPOSITORY
from support.folders import plant
from support.program import BASE_IMAGE

from caliban_ls.runtime.docker.buildkit import find_docker

IMAGE = f"{REPOSITORY}:conda"

_PACKAGE = "caliban-probe-1.0-0.tar.bz2"

# py-rattler's compiled part crashes now and then, mostly at the end of the process; only that is tried again.
_MICROMAMBA = """\
#!/bin/sh
for attempt in 1 2 3; do
  python3 /usr/local/lib/micromamba.py "$@"
  code=$?
  [ $code -eq 139 ] || exit $code
done
exit $code
"""

_PROGRAM = """\
import asyncio, os, re, sys
import rattler

create, yes, flag, prefix, file, path = sys.argv[1:]
assert (create, yes, flag, file) == ("create", "--yes", "--prefix", "--file")
lists = dict(re.findall(r"^(\\w+): \\[(.*)\\]$", open(path).read(), re.MULTILINE))

async def main():
    specs = [rattler.MatchSpec(one) for one in lists["dependencies"].split(", ")]
    sources = lists["channels"].split(", ")
    records = await rattler.solve(sources=sources, specs=specs, platforms=["linux-64", "noarch"])
    await rattler.install(records=records, target_prefix=prefix)

asyncio.run(main())
sys.stdout.flush()
os._exit(0)
"""

# The version is named, since 0.28.0 crashes.
_DOCKERFILE = f"""\
FROM {BASE_IMAGE}
RUN python3 -m pip install --quiet --break-system-packages py-rattler==0.27.1
COPY channel /channel
COPY micromamba.py /usr/local/lib/micromamba.py
COPY micromamba /usr/local/bin/micromamba
"""


def build_conda_image(folder: Path) -> str:
    """Build the image from a folder of its own, and return its name."""
    plant(folder, {"Dockerfile": _DOCKERFILE, "micromamba": _MICROMAMBA, "micromamba.py": _PROGRAM})
    _write_channel(folder / "channel" / "noarch")
    command = [str(find_docker(os.environ)), "build", "--quiet", "--tag", IMAGE, str(folder)]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "DOCKER_BUILDKIT": "1"})
    return IMAGE


def _write_channel(folder: Path) -> None:
    script = b"#!/bin/sh\necho the probe of conda\n"
    index = {"name": "caliban-probe", "version": "1.0", "build": "0", "build_number": 0, "depends": []}
    index |= {"noarch": "generic", "subdir": "noarch"}
    entry = {"_path": "bin/caliban-probe", "path_type": "hardlink", "size_in_bytes": len(script)}
    entry["sha256"] = hashlib.sha256(script).hexdigest()
    files = {
        "info/index.json": json.dumps(index).encode(),
        "info/files": b"bin/caliban-probe\n",
        "info/paths.json": json.dumps({"paths_version": 1, "paths": [entry]}).encode(),
        "bin/caliban-probe": script,
    }
    folder.mkdir(parents=True)
    with tarfile.open(folder / _PACKAGE, "w:bz2") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o755
            tar.addfile(member, io.BytesIO(data))
    data = (folder / _PACKAGE).read_bytes()
    record = {**index, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    repodata = {"info": {"subdir": "noarch"}, "packages": {_PACKAGE: record}, "packages.conda": {}}
    (folder / "repodata.json").write_text(json.dumps({**repodata, "removed": [], "repodata_version": 1}))
