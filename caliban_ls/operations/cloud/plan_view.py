"""Show plans and launches: as data for programs and editors, and as lines to confirm."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from caliban_ls.analysis import hardware
from caliban_ls.analysis.backend_names import TITLES
from caliban_ls.analysis.checks.limits import FREE_A_MINUTE, flags_key
from caliban_ls.core.duration import DAY, spoken_duration
from caliban_ls.operations.cloud.plan import Plan
from caliban_ls.operations.schemas.cloud import (
    CloudAccelerator,
    CloudCost,
    CloudExcess,
    CloudJob,
    CloudQuota,
    CloudResult,
)
from caliban_ls.runtime.backends.registry import backend_of
from caliban_ls.runtime.history.masking import masked_args, masked_parameters
from caliban_ls.runtime.jobs import JobState

_AGENT = "Google's own service agent"

_A_SECOND = 50  # jobs that a service takes in, with many requests at once


def result_of(
    plan: Plan,
    jobs: Iterable[CloudJob] | None = None,
    *,
    requests: bool = False,
    over_limits: Iterable[CloudExcess] = (),
) -> CloudResult:
    """Return a plan as data; the only builder of `CloudResult`.

    Args:
        plan: of a launch, sent or not.
        jobs: as the history has them, None to show each as PLANNED.
        requests: whether planned jobs carry their requests.
        over_limits: the limits that the plan exceeds.
    """
    choice, cost = plan.choice, plan.price.effective if plan.price else None
    accelerator = choice.accelerator
    held = shown = None
    if accelerator is not None:
        held = CloudAccelerator(type=accelerator.type, count=accelerator.count)
    if cost is not None and plan.price is not None:
        shown = CloudCost(
            currency=plan.price.currency,
            per_job_hour=round(cost.total, 6),
            all_jobs_hour=round(cost.total * plan.count, 6),
            as_of=plan.price.as_of,
        )
    return CloudResult(
        plan_id=plan.plan_id,
        group=plan.group,
        backend=plan.backend,
        backend_title=TITLES[plan.backend],
        project_id=plan.project_id,
        region=choice.region,
        machine_type=choice.machine_type,
        accelerator=held,
        spot=choice.spot,
        flex_start=choice.flex_start,
        module=plan.module,
        image=plan.image,
        count=plan.count,
        cost=shown,
        quotas=tuple(
            CloudQuota(metric=need.metric, of=need.of, needed=need.needed * plan.count, granted=need.granted)
            for need in hardware.quotas(choice)
        ),
        timeout=plan.scheduling.timeout,
        seconds=sending_seconds(plan.count),
        service_account=plan.service_account,
        notes=plan.notes,
        over_limits=tuple(over_limits),
        jobs=tuple(_planned(plan, requests=requests) if jobs is None else jobs),
    )


def sending_seconds(count: int) -> float:
    """Return the seconds that it takes to submit so many jobs with a project's default quota."""
    return round(count / _A_SECOND + max(0, count - FREE_A_MINUTE) * 60 / FREE_A_MINUTE, 1)


def described(result: CloudResult) -> str:
    """Return a plan in a few lines, for the user to confirm."""
    hardware_text = result.machine_type
    if result.accelerator:
        hardware_text += f" with {result.accelerator.count}x{result.accelerator.type}"
    if result.spot:
        hardware_text += ", spot"
    if result.flex_start:
        hardware_text += ", flex-start"
    jobs = "1 job" if result.count == 1 else f"{result.count:,} jobs"
    lines = [
        f"{jobs} on {hardware_text} in {result.region}, project {result.project_id} ({result.backend})",
        f"    module   {result.module or 'what the image runs'}",
        f"    image    {result.image}",
        f"    runs as  {result.service_account or _AGENT}",
    ]
    if result.cost is None:
        lines.append("    price    not known")
    else:
        cost = result.cost
        each = f"{cost.per_job_hour:.2f} {cost.currency} an hour each"
        lines.append(f"    price    {each}, {cost.all_jobs_hour:.2f} all at once (prices of {cost.as_of})")
    for quota in result.quotas:
        granted = "" if quota.granted is None else f"; a new project is granted {quota.granted}"
        lines.append(f"    quota    {quota.needed} {quota.of}{granted}")
    lines.append(f"    ends     after {spoken_duration(result.timeout or 7 * DAY)} at the latest")
    lines.append(f"    sending  takes about {spoken_duration(max(1, result.seconds))}")
    lines += [f"    note     {note}" for note in result.notes]
    lines += [f"    limit    {excess.message}" for excess in result.over_limits]
    return "\n".join(lines)


def ends(result: CloudResult, most: int) -> list[str]:
    """Return a line for each job; of many only the first and last ones, with the number between."""
    jobs, half = result.jobs, most // 2
    lines = [f"    {job.index:>8}  {shlex.join(job.args)}" for job in jobs]
    if len(lines) > most:
        lines[half:-half] = [f"              … {len(lines) - 2 * half:,} more …"]
    return lines


def _planned(plan: Plan, *, requests: bool) -> Iterator[CloudJob]:
    backend = backend_of(plan.backend)
    first: dict[str, int] = {}
    for job, body in plan.jobs():
        shown = masked_args(job.args)
        earlier = first.setdefault(flags_key(job.parameters), job.index)
        yield CloudJob(
            index=job.index,
            job_id=job.job_id,
            args=shown,
            parameters=masked_parameters(job.parameters),
            same_as=earlier if earlier != job.index else None,
            labels=dict(body["labels"]),
            state=JobState.PLANNED.value,
            request=backend.changed(body, args=shown) if requests else None,
        )
