"""Lend a build indexes, passwords, certificates and a key of the user, without keeping them in the image.

All of them reach a build through BuildKit's secret mounts, or not at all. Proxies are build arguments that every builder
keeps out of images (docs.docker.com, "Predefined ARGs"). A build runs code of the project, which can read what it is
lent; so `lent_passwords` and `lent_network` say what needs the user's agreement.
"""

from __future__ import annotations

import netrc
import re
import shlex
from collections.abc import Iterable, Mapping
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from caliban_ls.runtime.engine import BuildInputs
from caliban_ls.runtime.images.dockerfile import SECRETS, SETTINGS

AUTHORITIES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables that name a bundle of certificates; the first that is set counts."""

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")


def build_inputs(
    environment: Mapping[str, str], home: Path, addresses: Iterable[str], key: Path | None
) -> BuildInputs:
    """Return what a build is given.

    Args:
        environment: the process's variables.
        home: the user's home folder, where `.netrc` is.
        addresses: of the indexes that the project names.
        key: the credentials that the build may use, None for none.
    """
    settings = _index_settings(environment)
    secrets: dict[str, bytes] = {}
    needed = [f"{name} of your environment" for name in settings if environment.get(name)]
    hosts = {urlsplit(address).hostname for address in (*addresses, *_addresses(settings.values()))}
    passwords = _passwords(environment, home, hosts)
    if passwords:
        secrets["netrc"] = passwords
        settings["NETRC"] = f"{SECRETS}/netrc"
        needed.append("a password of your .netrc")
    if key is not None:
        secrets["key"] = key.read_bytes()
        settings["GOOGLE_APPLICATION_CREDENTIALS"] = f"{SECRETS}/key"
        needed.append("your Google credentials, by `build_time_credentials`")
    bundle = _bundle(environment)
    if bundle is not None:
        secrets["authorities"] = bundle
        settings |= dict.fromkeys(AUTHORITIES, f"{SECRETS}/authorities")
    if settings:
        lines = (f"export {name}={shlex.quote(value)}\n" for name, value in settings.items())
        secrets[SETTINGS] = "".join(lines).encode()
    proxies = _proxies(environment)
    return BuildInputs(
        secrets=secrets,
        needed=tuple(needed),
        proxies=proxies,
        host_network=bool(lent_network(environment)),
    )


def lent_passwords(environment: Mapping[str, str], home: Path, addresses: Iterable[str]) -> tuple[str, ...]:
    """Return the hosts of indexes and proxies whose passwords a build gets, and variables with such passwords.

    Args:
        environment: the process's variables.
        home: the user's home folder, where `.netrc` is.
        addresses: of the indexes that the project names.
    """
    settings = _index_settings(environment)
    known = _netrc(environment, home)
    found = {name for name in settings if re.fullmatch(r"UV_INDEX_\w+_(USERNAME|PASSWORD)", name)}
    for address in (*_addresses(settings.values()), *_servers(environment)):
        host = urlsplit(address).hostname
        if host is not None and "@" in urlsplit(address).netloc:
            found.add(host)
    for address in (*addresses, *_addresses(settings.values())):
        host = urlsplit(address).hostname
        if host is not None and host in known:
            found.add(host)
    return tuple(sorted(found))


def lent_network(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the proxies and indexes on this machine's loopback, for which a build gets this machine's network.

    Only the user's own environment counts: a project mustn't choose a build's network.
    """
    addresses = (*_servers(environment), *_addresses(_index_settings(environment).values()))
    parts = (urlsplit(address) for address in addresses if _is_loopback(address))
    return tuple(sorted({part.netloc.rpartition("@")[2] for part in parts}))


def _servers(environment: Mapping[str, str]) -> list[str]:
    """Return the addresses of the user's proxies, each with a scheme."""
    named = (address for name, address in _proxies(environment).items() if name.upper() != "NO_PROXY")
    return [address if "://" in address else f"http://{address}" for address in named]


def _index_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that say where packages come from, those of pip for uv as well."""
    wanted = r"PIP_(EXTRA_)?INDEX_URL|PIP_TRUSTED_HOST|UV_(EXTRA_)?INDEX_URL|UV_(DEFAULT_)?INDEX|UV_INDEX_\w+|UV_INSECURE_HOST"
    found = {
        name: value for name, value in sorted(environment.items()) if re.fullmatch(wanted, name) and value
    }
    if not any(re.fullmatch(r"UV_((EXTRA_)?INDEX_URL|(DEFAULT_)?INDEX)", name) for name in found):
        for pip, uv in (("PIP_INDEX_URL", "UV_DEFAULT_INDEX"), ("PIP_EXTRA_INDEX_URL", "UV_INDEX")):
            if pip in found:
                found[uv] = found[pip]
    return found


def _addresses(values: Iterable[str]) -> list[str]:
    return [address for value in values for address in re.findall(r"https?://\S+", value)]


def _is_loopback(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


def _passwords(environment: Mapping[str, str], home: Path, hosts: Iterable[str | None]) -> bytes | None:
    """Return the lines of the user's .netrc that are for these hosts, None when there are none."""
    known = _netrc(environment, home)
    lines = []
    for host in sorted(host for host in hosts if host is not None and host in known):
        login, _, password = known[host]
        lines.append(f"machine {host} login {login} password {password}\n")
    return "".join(lines).encode() or None


def _netrc(environment: Mapping[str, str], home: Path) -> dict[str, tuple[str, str, str]]:
    """Return what the user's .netrc says of hosts; the entry for all others is for none of ours."""
    path = Path(environment.get("NETRC") or home / ".netrc")
    try:
        known = netrc.netrc(str(path)).hosts
    except (OSError, netrc.NetrcParseError):
        return {}
    return {host: entry for host, entry in known.items() if host != "default"}


def _bundle(environment: Mapping[str, str]) -> bytes | None:
    """Return the certificates that this machine trusts besides the usual ones, None when it names none."""
    for name in AUTHORITIES:
        if environment.get(name):
            try:
                return Path(environment[name]).read_bytes()
            except OSError:
                continue
    return None


def _proxies(environment: Mapping[str, str]) -> dict[str, str]:
    names = (spelled for name in PROXIES for spelled in (name, name.lower()))
    return {name: environment[name] for name in names if environment.get(name)}
