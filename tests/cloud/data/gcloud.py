"""The part of gcloud that other programs ask: `config config-helper`, which renews the token and prints it."""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request


def main(account: str, refresh_token: str, *argv: str) -> int:
    if argv[:2] != ("config", "config-helper") or "--format=json" not in argv:
        sys.stderr.write(f"ERROR: (gcloud) Invalid choice: {' '.join(argv)}\n")
        return 2
    form = {
        "grant_type": "refresh_token",
        "client_id": "2.apps.googleusercontent.com",
        "client_secret": "gclouds-secret",
        "refresh_token": refresh_token,
    }
    try:
        with urllib.request.urlopen(
            "https://oauth2.googleapis.com/token", urllib.parse.urlencode(form).encode(), timeout=30
        ) as answer:
            given = json.load(answer)
    except urllib.error.HTTPError as error:
        said = json.load(error)
        sys.stderr.write(
            "ERROR: (gcloud.config.config-helper) There was a problem refreshing your current auth tokens: "
            f"{said['error']}: {said['error_description']}\nPlease run:\n\n  $ gcloud auth login\n"
        )
        return 1
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + given["expires_in"]))
    shown = {
        "configuration": {
            "active_configuration": "default",
            "properties": {"core": {"account": account, "project": "my-project"}},
        },
        "credential": {"access_token": given["access_token"], "token_expiry": end},
        "sentinels": {"config_sentinel": "/nowhere/config_sentinel"},
    }
    print(json.dumps(shown, indent=2))  # noqa: T201  # that is what it is for
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
