"""Failures that a user can act on. Anything else that is raised is a bug.

CalibanError
├── UsageError            exit 2   the command can't be understood, or its input is invalid
│   ├── InvalidDocument            a file has errors; its findings say which
│   ├── ScriptRefuses              the script would stop at what an experiment sets
│   ├── Untrusted                  the editor hasn't allowed commands yet
│   ├── NotAgreed                  the project's config asks for things that the user hasn't agreed to
│   ├── NotConfirmed               the user didn't confirm a plan
│   ├── OverLimit                  a plan is over a limit of jobs or of money
│   ├── PlanChanged                the plan has changed since the user saw it
│   └── KeyInImage                 a file with a key or a password would be in the image
├── MissingError          exit 3   something on this machine or account is missing
│   └── EngineUnavailable          no Docker engine answers
├── FailedError           exit 1   the command was tried and failed
│   ├── BuildFailed                the image's build stopped
│   └── PortTaken                  something else listens there already
├── ServiceError          exit 4   the service refused
│   └── PushFailed                 a registry didn't take the image
└── Cancelled             exit 130 the user stopped it
"""

from __future__ import annotations


class CalibanError(Exception):
    """Base of every expected failure.

    Attributes:
        code: stable name of the kind of failure; scripts and editors may compare it.
        hint: one sentence that says what to do next.
        exit_code: what the command line exits with.
    """

    code = "caliban"
    hint = ""
    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        if hint:
            self.hint = hint


class UsageError(CalibanError):
    """The command can't be understood, or its input is invalid."""

    code = "usage"
    exit_code = 2


class InvalidArguments(UsageError):
    """An editor sent arguments that the command doesn't take."""

    code = "invalid-arguments"


class InvalidDocument(UsageError):
    """A file that the command needs has errors."""

    code = "invalid-document"
    hint = "Run `caliban check` on the file; every finding says what would be right."


class ScriptRefuses(InvalidDocument):
    """The script would stop at what an experiment sets."""

    code = "script-refuses"


class Untrusted(UsageError):
    """A command that runs or sends something was asked for before the editor allowed it."""

    code = "untrusted"
    hint = 'Trust this folder in your editor, or start the server with `initializationOptions: {"trusted": true}`.'


class NotAgreed(UsageError):
    """The project's config wants what its user hasn't agreed to."""

    code = "not-agreed"


class NotConfirmed(UsageError):
    """The user didn't confirm a plan."""

    code = "not-confirmed"
    hint = "On a terminal you are asked; elsewhere --yes says it, as long as no limit is passed."


class OverLimit(UsageError):
    """A plan is over a limit of jobs or of money."""

    code = "over-limit"
    hint = "The flag that is named allows it; on a terminal the number of jobs is asked for."


class PlanChanged(UsageError):
    """The plan has changed since the user saw it."""

    code = "plan-changed"
    hint = "Plan it anew, and look at the new plan."


class KeyInImage(UsageError):
    """A file with a key or a password would be in the image."""

    code = "key-in-image"


class MissingError(CalibanError):
    """Something on this machine or account is missing."""

    code = "missing"
    exit_code = 3


class EngineUnavailable(MissingError):
    """No Docker engine answers."""

    code = "engine-unavailable"
    hint = "Start Docker, or point DOCKER_HOST at an engine."


class FailedError(CalibanError):
    """What was asked for was tried and failed."""

    code = "failed"


class BuildFailed(FailedError):
    """The image's build stopped."""

    code = "build-failed"
    hint = "The step's output above says why; the image wasn't made."


class PortTaken(FailedError):
    """Something else listens on a port already."""

    code = "port-taken"


class ServiceError(CalibanError):
    """A service refused the request."""

    code = "service"
    exit_code = 4


class PushFailed(ServiceError):
    """A registry didn't take an image."""

    code = "push-failed"


class Cancelled(CalibanError):
    """The user stopped it."""

    code = "cancelled"
    exit_code = 130
