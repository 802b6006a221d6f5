"""Whether a plan is within the limits of jobs and money, and who may let it pass where it isn't."""

from __future__ import annotations

from collections.abc import Iterator

from caliban_ls import models, plans
from caliban_ls.context import Context
from caliban_ls.errors import OverLimit
from caliban_ls.outlook import jobs_allowed, lower_limits
from caliban_ls.planning import Plan
from caliban_ls.project import Project
from caliban_ls.records import settings_of


def check_limits(plan: Plan, arguments: models.CloudArguments, project: Project, context: Context) -> bool:
    """Return whether a plan is allowed without asking for more than a yes.

    A user's own limit holds, lowered by the project's but never raised; a flag is the user's own word. A terminal may
    go over a limit by typing the number of jobs.

    Raises:
        OverLimit: it is over a limit, and nobody is there who may say that it may be.
    """
    over = list(_over_limits(plan, arguments, project, context))
    if not over:
        return True
    message = f"{'; '.join(over)}"
    if context.insist(f"{plans.described(plans.result_of(plan, jobs=()))}\n{message}", str(plan.count)):
        return False
    raise OverLimit(f"{message}. Nothing was built or sent")


def _over_limits(
    plan: Plan, arguments: models.CloudArguments, project: Project, context: Context
) -> Iterator[str]:
    """Yield what is over a limit, with the flag that would allow it."""
    own, theirs = settings_of(context).limits, project.limits
    jobs = arguments.max_jobs if arguments.max_jobs is not None else jobs_allowed(own, theirs)
    if plan.count > jobs:
        yield f"{plan.count:,} jobs are more than {jobs:,} (--max_jobs)"
    most = arguments.max_cost_per_hour
    if most is None:
        most = lower_limits(own, theirs).max_cost_per_hour
    if most is None:
        return
    cost = plan.price.effective if plan.price else None
    if cost is None:
        yield f"What {plan.choice.machine_type} costs isn't known, and at most {most:g} USD an hour is allowed (--max_cost_per_hour)"
    elif cost.total * plan.count > most:
        yield f"{cost.total * plan.count:.2f} USD an hour is more than {most:g} (--max_cost_per_hour)"
