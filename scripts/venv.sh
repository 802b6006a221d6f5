#!/usr/bin/env bash
# Make .venv and install this checkout into it, editable, with the versions of constraints.txt.
#
#   scripts/venv.sh [EXTRA]        EXTRA is dev for everything that the checks and tests need
#
# PYTHON names the interpreter to use, python3 by default. On Debian, as root, a missing venv module is
# installed; elsewhere the mend is named and nothing is changed.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
extra=${1:+[$1]}

say() { echo "venv: $*" >&2; }

stop() {
    say "$*"
    exit 3
}

command -v "$python" >/dev/null || stop "$python is missing; install Python 3.10 or later"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    stop "$("$python" --version) is too old; name Python 3.10 or later, such as: make PYTHON=python3.12"

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    mend="apt-get install python3-venv"
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || stop "$python has no venv module; on Debian, as root: $mend"
    say "$python has no venv module; doing: $mend"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq python3-venv >/dev/null
fi

if [ ! -x .venv/bin/pip ]; then
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
fi
say "installing caliban-ls$extra into .venv"
.venv/bin/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".$extra"
