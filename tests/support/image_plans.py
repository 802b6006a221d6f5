"""Image plans made by hand, so that engines are tested without the code that plans images."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable, Iterator

from support.docker_queries import REPOSITORY

from caliban_ls.runtime.engine import ImagePlan


def plan_of(
    base_image: str,
    steps: str,
    *,
    context: Callable[[], Iterator[bytes]] | None = None,
    platform: str | None = None,
    **files: bytes,
) -> ImagePlan:
    """A plan whose Dockerfile is a base image and some steps, over some files.

    Give another `context` to send something else than the files.
    """
    dockerfile = f"FROM {base_image}\n{steps}"
    content = {"a folder/Dockerfile": dockerfile.encode(), **files}
    return ImagePlan(
        tag=f"{REPOSITORY}:{hashlib.sha256(repr(content).encode()).hexdigest()[:20]}",
        dockerfile=dockerfile,
        buildkit=dockerfile,
        dockerfile_name="a folder/Dockerfile",
        base_image=base_image,
        platform=platform,
        size=sum(map(len, files.values())),
        largest=(),
        context=lambda text: (
            context() if context else _tar({**content, "a folder/Dockerfile": text.encode()})
        ),
    )


def _tar(content: dict[str, bytes]) -> Iterator[bytes]:
    """Yield a tar archive of the files in pieces that split its blocks."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    archive = buffer.getvalue()
    for start in range(0, len(archive), 1000):
        yield archive[start : start + 1000]
