#!/usr/bin/env bash
# Install a registry of images where there is none, for the tests that push to one. On Debian, as root; elsewhere it
# says what is missing.
set -euo pipefail

if command -v docker-registry >/dev/null; then
    exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "registry: there is no docker-registry here; install it (its program is called so by Debian)" >&2
    exit 3
fi
echo "registry: there is no docker-registry here; since you are root on Debian: apt-get install docker-registry" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq --no-install-recommends docker-registry >/dev/null
