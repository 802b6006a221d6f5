#!/usr/bin/env bash
# Install Emacs with Eglot and lsp-mode where they are missing, for the tests that sit down in front of one. On Debian,
# as root; elsewhere it says what is missing.
set -euo pipefail

if command -v emacs >/dev/null &&
    emacs --batch --eval "(progn (package-initialize) (require 'eglot) (require 'lsp-mode))" >/dev/null 2>&1; then
    exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "emacs: there is no Emacs with Eglot and lsp-mode here; install Emacs 28 or later and both packages" >&2
    exit 3
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
packages=(emacs-nox elpa-lsp-mode)
# Since Emacs 29 Eglot is part of it, and Debian 13 has no package of it.
if apt-cache show elpa-eglot >/dev/null 2>&1; then packages+=(elpa-eglot); fi
echo "emacs: there is no Emacs with Eglot and lsp-mode here; since you are root on Debian: apt-get install ${packages[*]}" >&2
apt-get install -qq --no-install-recommends "${packages[@]}" >/dev/null
