#!/usr/bin/env bash
# Pack editor/vscode into build/caliban-ls.vsix: the extension, and the server as a wheel. Needs .venv, and Node.js 20 or
# later with npm, which is seen to as scripts/node.sh says.
#
#   scripts/vsix.sh [--changed]        with --changed only if something that goes into it is newer
set -euo pipefail
cd "$(dirname "$0")/.."

packed=build/caliban-ls.vsix
mkdir -p build
sources=(caliban_ls pyproject.toml constraints.txt README.md LICENSE editor/vscode scripts/bundle.py scripts/vsix.sh)
made=(-name node_modules -o -name dist -o -name bundled -o -name __pycache__ -o -name ThirdPartyNotices.txt)
if [ "${1:-}" = --changed ] && [ -e "$packed" ]; then
    newer=$(find "${sources[@]}" \( "${made[@]}" \) -prune -o -type f -newer "$packed" -print -quit)
    [ -n "$newer" ] || exit 0
    echo "vsix: packing anew, since $newer has changed" >&2
fi

. scripts/node.sh
.venv/bin/python -m scripts.bundle
cd editor/vscode
npm run --silent check
npm run --silent build
copied=$PWD/LICENSE # the folder is another by the end
trap 'rm -f "$copied"' EXIT
cp ../../LICENSE "$copied"
npx vsce package --no-dependencies --allow-missing-repository --no-rewrite-relative-links --skip-license \
    --out "../../$packed"
cd ../..
.venv/bin/python -m scripts.vscode_pictures --leave-out "$packed"
