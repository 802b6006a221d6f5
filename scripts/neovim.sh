#!/usr/bin/env bash
# Install Neovim where there is none, for the tests that sit down in front of one. On Debian, as root; elsewhere
# it says what is missing.
set -euo pipefail

if command -v nvim >/dev/null; then
    exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "neovim: there is no nvim here; install Neovim 0.7 or later" >&2
    exit 3
fi
echo "neovim: there is no nvim here; since you are root on Debian: apt-get install neovim" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq --no-install-recommends neovim >/dev/null
