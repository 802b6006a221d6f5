"""Facts about modules outside the project."""

from __future__ import annotations

from typing import Final

# fmt: off
WITHOUT_FLAGS: Final = frozenset(
    {
        "__future__", "abc", "argparse", "ast", "asyncio", "base64", "bisect", "calendar", "cmath",
        "collections", "concurrent", "configparser", "contextlib", "copy", "csv", "ctypes",
        "dataclasses", "datetime", "decimal", "difflib", "enum", "errno", "fcntl", "fnmatch",
        "fractions", "functools", "gc", "getpass", "glob", "gzip", "hashlib", "heapq", "hmac", "html",
        "http", "importlib", "inspect", "io", "itertools", "json", "locale", "logging", "lzma", "math",
        "mimetypes", "multiprocessing", "numbers", "operator", "os", "pathlib", "pickle", "platform",
        "pprint", "queue", "random", "re", "resource", "shlex", "shutil", "signal", "socket", "sqlite3",
        "ssl", "stat", "statistics", "string", "struct", "subprocess", "sys", "tarfile", "tempfile",
        "textwrap", "threading", "time", "timeit", "traceback", "types", "typing", "unicodedata",
        "unittest", "urllib", "uuid", "warnings", "weakref", "xml", "zipfile", "zlib", "zoneinfo",
        "tomllib", "absl", "numpy", "scipy", "pandas", "sklearn", "torch", "torchvision", "tqdm", "yaml",
        "PIL", "matplotlib", "einops", "typing_extensions", "jax", "flax", "optax", "chex",
    }
)
# fmt: on
"""Packages that define no absl flags: the standard library's and some well-known ones."""
