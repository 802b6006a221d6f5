"""Google's hosts by their real names: each answers for itself, over TLS, and no other host gets a request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cloud.emulator import credentials
from cloud.emulator.server import Emulator
from cloud.job_requests import job_of

from caliban_ls.core.errors import UsageError
from caliban_ls.runtime.backends.ai_platform import AiPlatformJobs
from caliban_ls.runtime.backends.vertex import VertexJobs
from caliban_ls.runtime.google.auth import find_identity
from caliban_ls.runtime.google.client import Google
from caliban_ls.runtime.google.errors import NoAnswer, Refused


@pytest.fixture
def google(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Google]:
    """Google as a key's account, by the hosts' real names."""
    for name, value in emulator.proxied_environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    key = emulator.service_account(tmp_path / "key.json", token_uri=credentials.GOOGLES)
    identity = find_identity({}, tmp_path, tmp_path, cloud_key=str(key), project_key=None)
    google = Google(identity, {})
    yield google
    google.close()


@pytest.mark.parametrize("region", ["us-central1", "europe-west4"])
def test_a_job_is_made_at_the_host_of_its_region(emulator: Emulator, google: Google, region: str) -> None:
    vertex = VertexJobs(google, "my-project", region)
    made = vertex.create(job_of("vertex"))
    assert made.name.startswith(f"projects/my-project/locations/{region}/customJobs/")
    assert [job["name"] for job in emulator.jobs()] == [made.name]
    assert vertex.get(made.name) == made
    assert emulator.strangers == emulator.refused == []


def test_a_legacy_job_is_made_at_its_one_host(emulator: Emulator, google: Google) -> None:
    made = AiPlatformJobs(google, "my-project").create(job_of("ai-platform"))
    assert list(emulator.ai_platform.jobs) == [made.name]
    assert emulator.strangers == emulator.refused == []


def test_the_host_of_another_region_knows_none_of_its_jobs(google: Google) -> None:
    made = VertexJobs(google, "my-project", "us-central1").create(job_of("vertex"))
    with pytest.raises(Refused, match=r"us-central1 .* doesn't match .* europe-west4-aiplatform") as refused:
        VertexJobs(google, "my-project", "europe-west4").get(made.name)
    assert refused.value.status == 400


def test_a_host_of_google_has_no_other_services_methods(google: Google) -> None:
    methods = google.methods("ml", "v1", "https://logging.googleapis.com/", "projects", "jobs")
    with pytest.raises(Refused, match="was not found on this server") as refused:
        google.ask(methods.list(parent="projects/my-project"))
    assert refused.value.status == 404


def test_other_hosts_get_no_token(emulator: Emulator, google: Google) -> None:
    methods = google.methods("ml", "v1", "https://ml.example.com/", "projects", "jobs")
    with pytest.raises(UsageError, match=r"No token is sent to https://ml\.example\.com"):
        google.ask(methods.list(parent="projects/my-project"))
    assert emulator.strangers == []
    assert emulator.tokens.grants == []


def test_who_doesnt_trust_the_authority_sends_nothing(
    emulator: Emulator, google: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name)
    with pytest.raises(NoAnswer, match=r"the certificate of oauth2\.googleapis\.com can't be verified"):
        VertexJobs(google, "my-project", "us-central1").create(job_of("vertex"))
    assert emulator.tokens.grants == []
    assert emulator.jobs() == []
