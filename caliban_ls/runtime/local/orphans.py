"""What becomes of containers and of records whose process was killed.

Commands that start or stop containers sweep first, so that a killed run leaves nothing behind for longer than
until the next run. Commands that only look remove nothing. Only what is known to be dead is touched; see
`runtime.local.owner`.
"""

from __future__ import annotations

from dataclasses import dataclass

from caliban_ls.runtime.engine import ContainerInfo, Engine, Exit
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobState
from caliban_ls.runtime.local import owner
from caliban_ls.runtime.local.runner import explain

OWNER_DIED = "The process that ran it was killed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """A container that was found without its owner, and is gone now.

    Attributes:
        name: the container's name, which is its job's id where it ran one.
        job: whether it ran one.
        state: how its job ended; UNKNOWN where the container still ran and was stopped.
        exit_code: of a job that had ended by itself.
    """

    name: str
    job: bool
    state: JobState
    exit_code: int | None


def sweep_orphans(engine: Engine, history: History | None) -> list[Orphan]:
    """Remove the containers of dead owners, and write down how the jobs in them ended.

    A job that had ended by itself keeps its exit code. One that still runs is stopped, unless it was
    started to outlive its owner, and its job is UNKNOWN. Jobs that wait in the history for a dead owner end as
    CANCELLED.

    Args:
        engine: where to look.
        history: None when there is none to write.

    Raises:
        EngineUnavailable: the engine went away.
        MissingError: the history can't be written; the containers are gone nevertheless.
    """
    orphans = []
    kept = []
    for container in engine.containers({owner.KIND: ""}):
        if not owner.is_dead(container.labels.get(owner.OWNER, "")):
            continue
        if container.running and container.labels.get(owner.DETACH) == "1":
            kept.append(container.labels.get(owner.JOB, container.name))
            continue
        engine.remove(container.id)
        orphans.append(_orphan(container))
    if history is not None:
        _write_down(history, orphans, kept)
    return orphans


def lost_state(state: JobState) -> JobState:
    """Return the state of a job whose process has died, as `Jobs.abandon` writes it into the history."""
    if state.finished or state is JobState.UNKNOWN:
        return state
    return JobState.UNKNOWN if state is JobState.RUNNING else JobState.CANCELLED


def _orphan(container: ContainerInfo) -> Orphan:
    """Return what a removed container was."""
    state = JobState.UNKNOWN
    if container.exit_code is not None:
        state = JobState.SUCCEEDED if container.exit_code == 0 else JobState.FAILED
    return Orphan(
        name=container.labels.get(owner.JOB, container.name),
        job=owner.JOB in container.labels,
        state=state,
        exit_code=container.exit_code,
    )


def _write_down(history: History, orphans: list[Orphan], kept: list[str]) -> None:
    """Write what is known of the jobs of dead owners, but for those that run on."""
    for orphan in orphans:
        if orphan.job and orphan.exit_code is not None:
            reason = explain(Exit(orphan.exit_code))
            history.jobs.finish(orphan.name, orphan.state, exit_code=orphan.exit_code, error=reason)
    for group in history.groups.unfinished("local"):
        if group.owner is not None and owner.is_dead(group.owner):
            history.jobs.abandon(group.name, error=OWNER_DIED, alive=kept)
