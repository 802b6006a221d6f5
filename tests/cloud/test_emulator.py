"""The stand-in is as strict as Google, and fails on demand; these tests don't use the program."""

from __future__ import annotations

import copy
import http.client
import threading
import time
import urllib.error
from collections.abc import Mapping
from typing import Any

import pytest
from cloud.emulator.faults import Faults
from cloud.emulator.server import Emulator
from cloud.http_requests import Said, say
from cloud.service_rules import LEGACY, LEGACY_RULES, VERTEX, VERTEX_RULES, Change

JOBS = "v1/projects/p/locations/us-central1/customJobs"
LEGACY_JOBS = "v1/projects/p/jobs"
REPOSITORIES = "v1/projects/p/locations/us-central1/repositories"


def changed(request: Mapping[str, Any], change: Change) -> Any:
    made: Any = copy.deepcopy(dict(request))
    for place, value in change.items():
        *way, last = place.split(".")
        holder = made
        for step in way:
            holder = holder[int(step)] if isinstance(holder, list) else holder[step]
        if isinstance(holder, list):
            holder[int(last) :] = [value]
        elif value is None:
            del holder[last]
        else:
            holder[last] = value
    return made


def made(emulator: Emulator, **values: Any) -> dict[str, Any]:
    answer = say(emulator, "POST", JOBS, {**VERTEX, **values})
    assert answer.status == 200, answer.body
    job: dict[str, Any] = answer.body
    return job


@pytest.mark.parametrize("name", VERTEX_RULES)
def test_a_rule_of_vertex(emulator: Emulator, name: str) -> None:
    rule = VERTEX_RULES[name]
    refused = say(emulator, "POST", JOBS, changed(VERTEX, rule.wrong))
    assert refused.status == 400
    assert refused.body["error"]["status"] == "INVALID_ARGUMENT"
    assert rule.message in refused.message
    assert emulator.jobs() == []
    accepted = say(emulator, "POST", JOBS, changed(VERTEX, rule.right))
    assert accepted.status == 200, accepted.body
    assert len(emulator.jobs()) == 1


@pytest.mark.parametrize("name", LEGACY_RULES)
def test_a_rule_of_ai_platform(emulator: Emulator, name: str) -> None:
    rule = LEGACY_RULES[name]
    refused = say(emulator, "POST", LEGACY_JOBS, changed(LEGACY, rule.wrong))
    assert refused.status == 400
    assert rule.message in refused.message
    assert emulator.ai_platform.jobs == {}
    accepted = say(emulator, "POST", LEGACY_JOBS, changed(LEGACY, rule.right))
    assert accepted.status == 200, accepted.body
    assert len(emulator.ai_platform.jobs) == 1


def test_a_legacy_id_is_taken_for_ever(emulator: Emulator) -> None:
    assert say(emulator, "POST", LEGACY_JOBS, LEGACY).status == 200
    emulator.ai_platform.move("projects/p/jobs/j_1", "SUCCEEDED")
    refused = say(emulator, "POST", LEGACY_JOBS, LEGACY)
    assert (refused.status, refused.body["error"]["status"]) == (409, "ALREADY_EXISTS")
    assert say(emulator, "POST", "v1/projects/other/jobs", LEGACY).status == 200


def test_vertex_takes_the_same_job_twice(emulator: Emulator) -> None:
    assert made(emulator)["name"] != made(emulator)["name"]


@pytest.mark.parametrize(
    ("verb", "path", "body", "status", "message"),
    [
        ("POST", JOBS, b"{no json", 400, "Unable to parse"),
        ("GET", f"{JOBS}?pageSize=many", None, 400, "TYPE_INT32"),
        ("GET", f"{JOBS}?size=3", None, 400, 'Unknown name "size"'),
        ("GET", f"{JOBS}?pageSize=-1", None, 400, "must not be negative"),
        ("GET", f"{JOBS}?pageToken=x", None, 400, "page token is invalid"),
        ("GET", f"{JOBS}?filter=color%3D%22red%22", None, 400, "there is no field color"),
        ("GET", f"{JOBS}?filter=what", None, 400, "Invalid filter"),
        ("GET", f"{JOBS}/7", None, 404, "does not exist"),
        ("POST", f"{JOBS}/7:cancel", {}, 404, "does not exist"),
        ("GET", f"{LEGACY_JOBS}/j", None, 404, "could not be found"),
        ("GET", "v1/nothing", None, 404, "was not found on this server"),
        ("GET", "v1/projects/p/locations/us-central1/models", None, 501, "isn't stood in for"),
        ("GET", f"{REPOSITORIES}/r", None, 404, "was not found"),
        ("POST", f"{REPOSITORIES}?repositoryId=R", {"format": "DOCKER"}, 400, "Invalid repository id"),
        ("POST", f"{REPOSITORIES}?repositoryId=r", {}, 400, "format must be set"),
        ("POST", f"{REPOSITORIES}?repositoryId=r", {"format": "FLOPPY"}, 400, "one of"),
        ("POST", "v2/entries:list", {}, 400, "resource_names must be set"),
        (
            "POST",
            "v2/entries:list",
            {"resourceNames": ["projects/p"], "orderBy": "severity"},
            400,
            "order_by",
        ),
        ("POST", "v2/entries:list", {"resourceNames": ["projects/p"], "filter": "what"}, 400, "Unparseable"),
        ("POST", "v2/entries:list", {"resourceNames": ["projects/p"], "filter": 'a="b"'}, 400, "no field a"),
        ("POST", "v2/entries:list", {"resourceNames": ["projects/p"], "pageSize": 1001}, 400, "page_size"),
    ],
)
def test_other_requests_that_make_no_sense(
    emulator: Emulator, verb: str, path: str, body: Any, status: int, message: str
) -> None:
    refused = say(emulator, verb, path, body)
    assert refused.status == status
    assert message in refused.message


def test_lists_are_filtered_and_paged_from_the_newest(emulator: Emulator) -> None:
    names = [made(emulator, displayName=f"j{at}", labels={"half": str(at % 2)})["name"] for at in range(5)]
    emulator.vertex.move(names[0], "JOB_STATE_FAILED")

    def listed(query: str) -> list[str]:
        answer = say(emulator, "GET", f"{JOBS}?{query}")
        assert answer.status == 200, answer.body
        return [job["displayName"] for job in answer.body.get("customJobs", ())]

    assert listed("") == ["j4", "j3", "j2", "j1", "j0"]
    assert listed("filter=labels.half%3D%220%22") == ["j4", "j2", "j0"]
    assert listed("filter=labels.half%3D0%20AND%20state%3D%22JOB_STATE_FAILED%22") == ["j0"]
    assert listed("filter=display_name%3D%22j3%22") == ["j3"]
    assert listed("filter=state!%3D%22JOB_STATE_QUEUED%22") == ["j0"]
    assert listed("filter=labels.other%3D%22x%22") == []
    first = say(emulator, "GET", f"{JOBS}?pageSize=2").body
    second = say(emulator, "GET", f"{JOBS}?pageSize=2&pageToken={first['nextPageToken']}").body
    third = say(emulator, "GET", f"{JOBS}?pageSize=2&pageToken={second['nextPageToken']}").body
    assert [len(page["customJobs"]) for page in (first, second, third)] == [2, 2, 1]
    assert "nextPageToken" not in third
    assert say(emulator, "GET", JOBS.replace("us-central1", "us-east1")).body == {}
    assert say(emulator, "GET", JOBS.replace("projects/p/", "projects/p2/")).body == {}


def test_a_job_goes_from_state_to_state_and_stays_in_the_last(emulator: Emulator) -> None:
    name = made(emulator)["name"]
    seen = [say(emulator, "GET", f"v1/{name}").body]
    for state in ("PENDING", "RUNNING", "FAILED", "RUNNING"):
        emulator.vertex.move(name, f"JOB_STATE_{state}", "why" if state == "FAILED" else "")
        seen.append(say(emulator, "GET", f"v1/{name}").body)
    spelled = [job["state"].removeprefix("JOB_STATE_") for job in seen]
    assert spelled == ["QUEUED", "PENDING", "RUNNING", "FAILED", "FAILED"]
    assert ["startTime" in job for job in seen] == [False, False, True, True, True]
    assert ["endTime" in job for job in seen] == [False, False, False, True, True]
    assert seen[-1]["error"]["message"] == "why"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("QUEUED", "CANCELLED"),
        ("PENDING", "CANCELLED"),
        ("RUNNING", "CANCELLING"),
        ("SUCCEEDED", "SUCCEEDED"),
    ],
)
def test_a_cancel_takes_effect_by_the_state(emulator: Emulator, before: str, after: str) -> None:
    name = made(emulator)["name"]
    emulator.vertex.move(name, f"JOB_STATE_{before}")
    assert say(emulator, "POST", f"v1/{name}:cancel", {}).body == {}
    assert say(emulator, "GET", f"v1/{name}").body["state"] == f"JOB_STATE_{after}"


def test_a_legacy_job_that_has_ended_cant_be_cancelled(emulator: Emulator) -> None:
    say(emulator, "POST", LEGACY_JOBS, LEGACY)
    assert say(emulator, "POST", f"{LEGACY_JOBS}/j_1:cancel", {}).status == 200
    refused = say(emulator, "POST", f"{LEGACY_JOBS}/j_1:cancel", {})
    assert refused.message == "Cannot cancel a job in state CANCELLED."


def test_log_entries_are_filtered_ordered_and_paged(emulator: Emulator) -> None:
    for at, severity in enumerate(("INFO", "ERROR", "INFO", "WARNING")):
        emulator.logging.write("7", f"line {at}", severity=severity, project="p")
    emulator.logging.write("8", "of another job", project="p")
    emulator.logging.write("7", "of another project", project="q")
    stamp = emulator.logging.entries[1]["timestamp"]

    def read(terms: str = "", **more: Any) -> list[str]:
        wanted = f'resource.type="ml_job" AND resource.labels.job_id="7"{terms}'
        body = {"resourceNames": ["projects/p"], "filter": wanted, **more}
        answer = say(emulator, "POST", "v2/entries:list", body)
        assert answer.status == 200, answer.body
        return [entry["textPayload"] for entry in answer.body.get("entries", ())]

    assert read() == ["line 0", "line 1", "line 2", "line 3"]
    assert read(orderBy="timestamp desc") == ["line 3", "line 2", "line 1", "line 0"]
    assert read(" AND severity>=WARNING") == ["line 1", "line 3"]
    assert read(f'\ntimestamp>="{stamp}"') == ["line 1", "line 2", "line 3"]
    assert read(f' AND timestamp>"{stamp}"') == ["line 2", "line 3"]
    assert read(' AND logName="projects/p/logs/workerpool0-0"', pageSize=3) == ["line 0", "line 1", "line 2"]
    assert read(pageSize=3, pageToken="3") == ["line 3"]
    assert read(' AND textPayload="nothing"') == []


def test_a_repository_is_made_once(emulator: Emulator) -> None:
    operation = say(emulator, "POST", f"{REPOSITORIES}?repositoryId=team", {"format": "DOCKER"})
    assert "done" not in operation.body
    assert say(emulator, "GET", f"/v1/{operation.body['name']}").body["done"] is True
    assert say(emulator, "GET", f"{REPOSITORIES}/team").body["format"] == "DOCKER"
    again = say(emulator, "POST", f"{REPOSITORIES}?repositoryId=team", {"format": "DOCKER"})
    assert again.status == 409


def test_who_may_not_is_told_which_permission_is_missing(emulator: Emulator) -> None:
    emulator.denied["aiplatform.projects.locations.customJobs.create"] = "aiplatform.customJobs.create"
    refused = say(emulator, "POST", JOBS, VERTEX)
    assert refused.status == 403
    assert refused.body["error"]["details"][0]["metadata"]["permission"] == "aiplatform.customJobs.create"


def test_quota_of_accelerators_is_a_429_that_waiting_doesnt_mend(emulator: Emulator) -> None:
    emulator.vertex.quota["NVIDIA_L4"] = 0
    refused = say(emulator, "POST", JOBS, changed(VERTEX, VERTEX_RULES["machines made for GPUs"].right))
    assert refused.status == 429
    assert refused.message.endswith("aiplatform.googleapis.com/custom_model_training_nvidia_l4_gpus")


def test_an_account_that_the_caller_may_not_act_as(emulator: Emulator) -> None:
    emulator.vertex.forbidden_accounts.add("x@p.iam.gserviceaccount.com")
    refused = say(
        emulator, "POST", JOBS, changed(VERTEX, {"jobSpec.serviceAccount": "x@p.iam.gserviceaccount.com"})
    )
    assert refused.status == 400
    assert "You do not have permission to act as service_account: x@p" in refused.message


def test_only_good_tokens_are_taken(emulator: Emulator) -> None:
    token = emulator.tokens.issue()
    assert say(emulator, "GET", JOBS, token=token).status == 200
    assert say(emulator, "GET", JOBS, token="ya29.invented").status == 401
    emulator.tokens.expire()
    refused = say(emulator, "GET", JOBS, token=token)
    assert (refused.status, refused.body["error"]["status"]) == (401, "UNAUTHENTICATED")


def create(emulator: Emulator) -> Said | None:
    """Make a job; None without an answer."""
    try:
        return say(emulator, "POST", JOBS, VERTEX)
    except (urllib.error.URLError, ConnectionError, http.client.HTTPException):
        return None


@pytest.mark.parametrize(("wait", "header"), [(None, None), (7.0, "7")])
def test_busy(emulator: Emulator, wait: float | None, header: str | None) -> None:
    emulator.faults = Faults(busy=1.0, retry_after=wait)
    answer = create(emulator)
    assert answer is not None
    assert (answer.status, answer.headers.get("Retry-After")) == (429, header)
    assert answer.body["error"]["status"] == "RESOURCE_EXHAUSTED"
    assert emulator.jobs() == []


def test_unavailable_before_or_after_the_job_was_made(emulator: Emulator) -> None:
    emulator.faults = Faults(unavailable=1.0)
    answers = [create(emulator) for _ in range(40)]
    assert {answer.status for answer in answers if answer is not None} == {503}
    assert 0 < len(emulator.jobs()) < 40


def test_a_reset_makes_nothing(emulator: Emulator) -> None:
    emulator.faults = Faults(reset=1.0)
    assert create(emulator) is None
    assert emulator.jobs() == []


def test_an_answer_lost_after_the_job_was_made(emulator: Emulator) -> None:
    emulator.faults = Faults(lost=1.0)
    assert create(emulator) is None
    assert len(emulator.jobs()) == 1


def test_a_job_that_comes_into_being_late(emulator: Emulator) -> None:
    emulator.faults = Faults(lost=1.0, late=0.5)
    assert create(emulator) is None
    with emulator.vertex.changed:
        assert emulator.jobs() == []
        assert emulator.vertex.changed.wait_for(emulator.jobs, 30)


def test_lists_that_show_jobs_late(emulator: Emulator) -> None:
    emulator.faults = Faults(hidden=3600.0)
    name = made(emulator)["name"]
    assert say(emulator, "GET", JOBS).body == {}
    assert say(emulator, "GET", f"v1/{name}").status == 200
    emulator.faults = Faults()
    assert len(say(emulator, "GET", JOBS).body["customJobs"]) == 1


def test_latency_lets_requests_wait_side_by_side(emulator: Emulator) -> None:
    emulator.faults = Faults(latency=1.0)
    began = time.monotonic()
    threads = [threading.Thread(target=create, args=(emulator,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began >= 1.0
    assert emulator.most_at_once > 1
    assert len(emulator.jobs()) == 8


def test_a_slow_body_arrives_whole(emulator: Emulator) -> None:
    emulator.faults = Faults(slow_body=0.002)
    answer = create(emulator)
    assert answer is not None
    assert answer.body["state"] == "JOB_STATE_QUEUED"


def test_the_shares_of_faults_are_what_they_say() -> None:
    faults = Faults(busy=0.2, unavailable=0.1, lost=0.1)
    thrown = [faults.throw() for _ in range(10_000)]
    assert abs(thrown.count("busy") - 2000) < 200
    assert abs(thrown.count("lost") - 1000) < 150
    assert abs(thrown.count("unavailable") + thrown.count("unavailable after") - 1000) < 150
