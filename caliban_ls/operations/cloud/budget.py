"""Check a plan against the limits of jobs and money."""

from __future__ import annotations

from caliban_ls.analysis.config.project import Project
from caliban_ls.analysis.estimate import jobs_allowed, lower_limits
from caliban_ls.core.errors import OverLimit
from caliban_ls.operations.cloud import plan_view
from caliban_ls.operations.cloud.plan import Plan
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.state import settings_of
from caliban_ls.operations.schemas.cloud import CloudArguments, CloudExcess


def check_limits(plan: Plan, arguments: CloudArguments, project: Project, context: Context) -> bool:
    """Return whether a plan is within its limits; False if it isn't and the user allowed it anyway.

    The user's own limit holds; the project's can lower it and never raise it; a flag replaces both. On a terminal the
    user may exceed a limit by typing the number of jobs.

    Raises:
        OverLimit: the plan is over a limit, and the user didn't allow it.
    """
    over = over_limits(plan, arguments, project, context)
    if not over:
        return True
    message = "; ".join(excess.message for excess in over)
    if context.insist(
        f"{plan_view.described(plan_view.result_of(plan, jobs=()))}\n{message}", str(plan.count)
    ):
        return False
    raise OverLimit(f"{message}. Nothing was built or sent")


def over_limits(
    plan: Plan, arguments: CloudArguments, project: Project, context: Context
) -> tuple[CloudExcess, ...]:
    """Return the limits that a plan exceeds."""
    own, theirs = settings_of(context).limits, project.limits
    found = []
    jobs = arguments.max_jobs if arguments.max_jobs is not None else jobs_allowed(own, theirs)
    if plan.count > jobs:
        message = f"{plan.count:,} jobs are more than {jobs:,} (--max_jobs)"
        forbidden = own.max_jobs is not None and plan.count > own.max_jobs
        found.append(_excess(message, {"max_jobs": plan.count}, forbidden=forbidden))
    most = arguments.max_cost_per_hour
    if most is None:
        most = lower_limits(own, theirs).max_cost_per_hour
    if most is None:
        return tuple(found)
    cost = plan.price.effective if plan.price else None
    if cost is None:
        message = (
            f"The price of {plan.choice.machine_type} isn't known, and at most {most:g} USD an hour is allowed"
            " (--max_cost_per_hour)"
        )
        found.append(_excess(message, None, forbidden=own.max_cost_per_hour is not None))
    elif cost.total * plan.count > most:
        hourly = cost.total * plan.count
        message = f"{hourly:.2f} USD an hour is more than {most:g} (--max_cost_per_hour)"
        forbidden = own.max_cost_per_hour is not None and hourly > own.max_cost_per_hour
        found.append(_excess(message, {"max_cost_per_hour": hourly}, forbidden=forbidden))
    return tuple(found)


def _excess(message: str, allowed_by: dict[str, float] | None, *, forbidden: bool) -> CloudExcess:
    """Return a limit that is exceeded.

    Args:
        message: names the limit.
        allowed_by: the arguments that would allow it, None if none would.
        forbidden: whether it is a limit of the user's own settings, which an editor mustn't exceed.
    """
    if forbidden:
        hint = "It is a limit of your own settings; raise it there if you mean to."
        return CloudExcess(message=message, hint=hint, allowed_by=None)
    hint = "" if allowed_by else "On a terminal `caliban cloud` asks for the number of jobs."
    return CloudExcess(message=message, hint=hint, allowed_by=allowed_by)
