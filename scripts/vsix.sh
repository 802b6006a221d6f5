#!/usr/bin/env bash
# Pack editor/vscode into build/caliban-ls.vsix. Needs .venv, and Node.js 20 or later with npm.
set -euo pipefail
cd "$(dirname "$0")/../editor/vscode"

stop() {
    echo "vsix: $*; install Node.js 20 or later" >&2
    exit 3
}

command -v npm >/dev/null || stop "npm is missing"
node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || stop "Node.js $(node --version) is too old"

if [ package-lock.json -nt node_modules/.package-lock.json ]; then
    npm ci --silent --no-audit --no-fund --ignore-scripts
    touch node_modules/.package-lock.json
fi
npm run --silent check
npm run --silent build
mkdir -p ../../build
copied=$PWD/LICENSE # the folder is another by the end
cp ../../LICENSE "$copied"
trap 'rm -f "$copied"' EXIT
npx vsce package --no-dependencies --allow-missing-repository --no-rewrite-relative-links --skip-license --out ../../build/caliban-ls.vsix
cd ../..
.venv/bin/python -m scripts.vscode_pictures --embed build/caliban-ls.vsix
