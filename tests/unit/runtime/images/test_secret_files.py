"""Which files are taken for a key or a password."""

from __future__ import annotations

import json

import pytest

from caliban_ls.runtime.images.secret_files import key_like

ACCOUNT = {"type": "service_account", "project_id": "p", "private_key": "-----BEGIN PRIVATE KEY-----\\nMIIE"}
PERSON = {"client_id": "x", "refresh_token": "1//0abc", "type": "authorized_user"}


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("keys/any name.json", json.dumps(ACCOUNT), "the key of a Google service account"),
        ("a", json.dumps(ACCOUNT, indent=4, sort_keys=True), "the key of a Google service account"),
        ("adc.json", json.dumps(PERSON), "a person's Google credentials"),
        ("x/.env", "A=1", "settings that usually hold passwords"),
        (".env.production", "A=1", "settings that usually hold passwords"),
        ("id_rsa", "anything", "a private SSH key"),
        ("deploy/id_ed25519", "anything", "a private SSH key"),
        ("server.key", "-----BEGIN RSA PRIVATE KEY-----\nMII", "a private key"),
        ("x.pem", "\n-----BEGIN OPENSSH PRIVATE KEY-----\n", "a private key"),
        ("x.asc", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n", "a private key"),
        (
            "both.pem",
            "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\nMII",
            "a private key",
        ),
        ("bag", "Bag Attributes\n  localKeyID: 01\n-----BEGIN ENCRYPTED PRIVATE KEY-----\n", "a private key"),
        ("a.key", "made by hand\n-----BEGIN EC PRIVATE KEY-----\n", "a private key"),
        ("marked.json", "\ufeff" + json.dumps(ACCOUNT), "the key of a Google service account"),
        ("marked.key", "\ufeff-----BEGIN PRIVATE KEY-----\n", "a private key"),
        (
            "requirements.txt",
            "x @ git+https://ghp_0123456789abcdefABCDEF@github.com/a/b.git",
            "a password in an address",
        ),
        ("requirements.txt", "-i HTTPS://u:p@a.example/simple", "a password in an address"),
        ("requirements.txt", "x @ git+ssh://u:p@a.example/x.git", "a password in an address"),
        (".netrc", "machine x login y password z", "passwords for hosts"),
        ("_netrc", "machine x", "passwords for hosts"),
        (".pypirc", "[pypi]", "passwords for package indexes"),
        ("home/.aws/credentials", "[default]", "keys for AWS"),
        (".huggingface/token", "hf_x", "a token for Hugging Face"),
        ("kaggle.json", "{}", "a token for Kaggle"),
        (".npmrc", "//registry.example/:_authToken=abc", "a password for a package registry"),
        ("token.txt", f"hf_{'a' * 34}\n", "an access token"),
        ("gh", f"ghp_{'a' * 36}", "an access token"),
        ("requirements.txt", "-i https://me:pass@a.example/simple", "a password in an address"),
        ("more/requirements-dev.txt", "x\n-f https://:token@a.example/x", "a password in an address"),
        ("pyproject.toml", 'url = "https://me:pass@a.example"', "a password in an address"),
        (
            "environment.yml",
            "- https://conda.example/t/ab-01234567-89ab/channel",
            "a password in an address",
        ),
    ],
)
def test_what_is_one(path: str, content: str, words: str) -> None:
    assert key_like(path, content.encode()) == words


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (".env.example", "A="),
        (".env", "  \n"),
        ("env.py", "A=1"),
        ("id_rsa.pub", "ssh-rsa AAAA"),
        ("test_keys.py", 'KEY = "-----BEGIN PRIVATE KEY-----"'),
        ("README.md", json.dumps(ACCOUNT).replace("{", "the {")),
        ("cert.pem", "-----BEGIN CERTIFICATE-----\nMII"),
        ("config.json", json.dumps({"type": "service_account", "project_id": "p"})),
        ("config.json", json.dumps({"private_key": "path/to/key.pem"})),
        (".npmrc", "//registry.example/:_authToken=${NPM_TOKEN}"),
        ("credentials.py", "import google"),
        (
            "requirements.txt",
            "-i https://${USER}:${TOKEN}@a.example/simple\nx @ https://a.example:8443/x@1.whl",
        ),
        ("requirements.txt", "x @ git+https://git@a.example/x.git@v1:2"),
        ("requirements.txt", "x @ git+https://${GITHUB_TOKEN}@a.example/x.git"),
        ("requirements.txt", "x @ https://a.example/long-name-of-a-package@1.0.whl"),
        ("chain.pem", "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n"),
        ("README.md", "https://me:pass@a.example"),
        ("tokens.txt", f"one hf_{'a' * 34}"),
        ("tokenizer.json", "{}"),
        ("train.py", ""),
    ],
)
def test_what_is_none(path: str, content: str) -> None:
    assert key_like(path, content.encode()) == ""


def test_only_the_beginning_counts() -> None:
    assert key_like("big.json", b"{" + b" " * 2**20 + json.dumps(ACCOUNT).encode()) == ""


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig"])
def test_files_of_windows_are_read(encoding: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    assert (
        key_like("key.json", (mark + json.dumps(ACCOUNT)).encode(encoding))
        == "the key of a Google service account"
    )
