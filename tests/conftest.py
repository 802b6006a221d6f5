"""What all tests share."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]  # pytest-xdist has no types

# Contracts live in modules that pytest doesn't collect; their assertions explain themselves all the same.
pytest.register_assert_rewrite("support")

# Whether an answer is right doesn't depend on how busy the machine is.
settings.register_profile("caliban", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("caliban")

# A shell starts what runs in its background deaf to Ctrl-C, and so would be all that tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


class _ByFile(LoadFileScheduling):  # type: ignore[misc]  # see its import
    """Tests of one file run in one process, and so do all that share the engine: they look for leftovers.

    Those of scripts only build an image, and take a while.
    """

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        shared = file.startswith("tests/docker/") and not file.endswith("/test_scripts.py")
        return "tests/docker" if shared else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Decide which process of `-n` runs which tests."""
    return _ByFile(config, log)


_IN_VSCODE = ("tests/vscode/", "tests/docker/test_vscode")
_AT_ONCE = ("test_restricted", "test_own_environment")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let a person in VS Code try once more: a busy machine loses keys and clicks. Each such try is in the summary.

    What is watched in folders that nobody trusts has to hold at once, and what an environment was made for can't be
    made again.
    """
    for item in items if config.pluginmanager.hasplugin("rerunfailures") else ():
        if item.nodeid.startswith(_IN_VSCODE) and not any(name in item.nodeid for name in _AT_ONCE):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """What a command does about signals ends with its test, where the command ran in the test's own process."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
