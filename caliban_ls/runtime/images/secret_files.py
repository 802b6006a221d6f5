"""Find files that hold a key or a password, by their name or their beginning. Pure.

A key in an image stays there for everyone who can pull it, in every layer and every copy. So a build looks for such
files first. It looks for forms that nothing else has; a guess at entropy would give false alarms.
"""

from __future__ import annotations

import codecs
import re

_NAMES: tuple[tuple[str, str], ...] = (
    (r"\.env(\.(?!example$|sample$|template$|dist$).*)?", "settings that usually hold passwords"),
    (r"id_(rsa|dsa|ecdsa|ed25519)(_sk)?", "a private SSH key"),
    (r"[._]netrc", "passwords for hosts"),
    (r"\.pypirc", "passwords for package indexes"),
    (r"\.git-credentials", "passwords for git"),
    (r"\.pgpass", "passwords for databases"),
    (r"\.vault-token", "a token for Vault"),
    (r"kaggle\.json", "a token for Kaggle"),
    (r"application_default_credentials\.json", "a person's Google credentials"),
)
"""File names, as regular expressions, and what such a file holds."""

_PATHS: tuple[tuple[str, str], ...] = (
    (r"(.*/)?\.aws/credentials", "keys for AWS"),
    (r"(.*/)?\.docker/config\.json", "passwords for registries"),
    (r"(.*/)?\.kube/config", "keys for Kubernetes"),
    (r"(.*/)?\.?huggingface/(token|stored_tokens)", "a token for Hugging Face"),
)

_TOKENS = re.compile(
    rb"\s*(hf_[A-Za-z0-9]{30,}|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{50,}|glpat-[\w-]{20,}"
    rb"|xox[abp]-[\w-]{20,}|AIza[\w-]{35}|ya29\.[\w-]{20,}|sk-[\w-]{32,})\s*"
)
"""Tokens of well-known services; a file that holds nothing else is one."""

IN_ADDRESS = "a password in an address"
"""What a file holds that the build itself needs, and that so can't simply be left out."""

_NAMES_INDEXES = re.compile(
    r".*requirements.*\.txt|.*constraints.*\.txt|pyproject\.toml|uv\.(toml|lock)|pylock.*\.toml|pip\.(conf|ini)"
    r"|poetry\.toml|Pipfile(\.lock)?|environment\.ya?ml|\.condarc",
    re.IGNORECASE,
)
"""Files that name places to fetch packages from."""

_PASSWORD_IN_ADDRESS = re.compile(
    rb"(?:https?|ftp|ssh)://[^\s/:@'\"]*:[^\s/@'\"${]+@[\w.-]"  # a variable holds none
    rb"|https?://[\w-]{20,}@[\w.-]"  # a token in place of a user
    rb"|https?://[^\s'\"]+/t/[a-z]{2}-[0-9a-f]{8}-",  # a token in the path, as conda's servers take it
    re.IGNORECASE,
)

_PEM = re.compile(rb"\s*(-----BEGIN |Bag Attributes|(subject|issuer)\s?=)")
"""Beginnings of files in PEM's form, as OpenSSL writes them."""

_PRIVATE_KEY = re.compile(rb"^-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----", re.MULTILINE)

_LOOKED_AT = 64 * 1024  # bytes at a file's beginning; keys are shorter
_TOKEN_LENGTH = 400  # bytes; a file of a token alone isn't longer


def key_like(path: str, beginning: bytes) -> str:
    """Return what a file seems to hold, in words for people; "" for nothing of the kind.

    Args:
        path: relative to the project.
        beginning: its first bytes; 64 KiB are enough.
    """
    head = _without_mark(beginning[:_LOOKED_AT])
    if not head.strip():
        return ""
    name = path.rpartition("/")[2]
    for patterns, text in ((_NAMES, name), (_PATHS, path)):
        for pattern, words in patterns:
            if re.fullmatch(pattern, text):
                return words
    return _by_content(name, head)


def _without_mark(head: bytes) -> bytes:
    """Return a text as UTF-8 without the mark that Windows' programs begin it with."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if head.startswith(mark):
            return head.removeprefix(mark).decode(encoding, "replace").encode()
    return head


def _by_content(name: str, head: bytes) -> str:
    if (_PEM.match(head) or name.endswith((".pem", ".key", ".crt"))) and _PRIVATE_KEY.search(head):
        return "a private key"
    if name == ".npmrc" and re.search(rb"_(authToken|password|auth)\s*=\s*[^\s$]", head):
        return "a password for a package registry"
    if _NAMES_INDEXES.fullmatch(name) and _PASSWORD_IN_ADDRESS.search(head):
        return IN_ADDRESS
    if re.match(rb"\s*[{\[]", head):  # Google's files are JSON; others that quote them aren't
        if re.search(rb'"private_key"\s*:\s*"-----BEGIN', head):
            return "the key of a Google service account"
        if b'"authorized_user"' in head and re.search(rb'"refresh_token"\s*:\s*"[^"]+"', head):
            return "a person's Google credentials"
    if len(head) <= _TOKEN_LENGTH and _TOKENS.fullmatch(head):
        return "an access token"
    return ""
