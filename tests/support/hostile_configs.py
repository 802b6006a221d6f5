"""What a hostile project may ask for in its config, each of it more than its own folder."""

from __future__ import annotations

from typing import Any

WISHES: list[dict[str, Any]] = [
    {"docker": {"run_args": ["--privileged"]}},
    {"docker": {"run_args": ["--volume", "/:/host"]}},
    {"gcloud": {"cloud_key": "../key.json"}},
    {"cloud": {"repository": "registry.example/stolen"}},
    {"build_time_credentials": True},
]
