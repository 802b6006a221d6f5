#!/usr/bin/env bash
# Pack editor/vscode into build/caliban-ls.vsix. Needs Node.js 18 or later with npm.
set -euo pipefail
cd "$(dirname "$0")/../editor/vscode"

if ! command -v npm >/dev/null; then
    mend="apt-get install nodejs npm"
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "vsix: npm is missing; install Node.js 18 or later, on Debian, as root: $mend" >&2
        exit 3
    fi
    echo "vsix: npm is missing; doing: $mend" >&2
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq nodejs npm >/dev/null
fi

npm ci --silent --no-audit --no-fund
npm run --silent check
npm run --silent build
mkdir -p ../../build
cp ../../LICENSE LICENSE
trap 'rm -f LICENSE' EXIT
npx vsce package --no-dependencies --allow-missing-repository --skip-license --out ../../build/caliban-ls.vsix
