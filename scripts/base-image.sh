#!/usr/bin/env bash
# Make caliban-ls-base:SUITE, a Debian with Python and pip, on a machine whose engine can reach no registry.
#
#   scripts/base-image.sh [SUITE]        SUITE is a Debian release, bookworm by default
#
# Everything in it comes from the mirror that this machine's apt uses already. It takes along what containers
# need to install packages from where this machine does: its CA bundle and pip's index, never a password.
# A second call finds the image and does nothing. Needs root, Debian, an engine and Docker's command line.
set -euo pipefail

suite=${1:-bookworm}
image=caliban-ls-base:$suite
bundle=/etc/ssl/certs/ca-certificates.crt

say() { echo "base-image: $*" >&2; }

stop() {
    say "$*"
    exit 3
}

# Prints the address of the Debian archive in apt's own configuration, whichever format that is written in.
mirror() {
    # grep reads to the end on purpose: a reader that leaves early would make apt-get fail under pipefail.
    apt-get indextargets --format '$(SITE)|$(LABEL)|$(COMPONENT)' 'Created-By: Packages' |
        sed -n 's/|Debian|main$//p' | sort -u
}

# Prints the usable addresses of one of pip's settings: a container sees neither our files nor our loopback, and
# an address with a password in it has no place in an image.
pip_addresses() {
    local variable address
    variable=PIP_$(tr 'a-z-' 'A-Z_' <<<"$1")
    for address in ${!variable:-$(python3 -m pip config get "global.$1" 2>/dev/null || true)}; do
        case $address in
        *@* | *//localhost* | *//127.*) ;;
        http://* | https://*) echo "$address" ;;
        esac
    done
}

pip_configuration() {
    local name addresses
    for name in index-url extra-index-url; do
        addresses=$(pip_addresses $name | tr '\n' ' ')
        [ -z "$addresses" ] || echo "$name = ${addresses% }"
    done
}

command -v docker >/dev/null || stop "Docker's command line is missing; as root: apt-get install docker.io, and docker-cli where Debian has it"
docker version >/dev/null 2>&1 || stop "no engine answers; start Docker first"

if docker image inspect "$image" >/dev/null 2>&1; then
    say "$image is there"
    exit 0
fi

[ "$(id -u)" = 0 ] || stop "making $image needs root; run: sudo scripts/base-image.sh $suite"
command -v apt-get >/dev/null || stop "making $image needs Debian's apt; this is another system"

[ -n "$(mirror)" ] || apt-get update -qq
archive=$(mirror | head -n 1)
[ -n "$archive" ] || stop "apt's sources name no Debian archive; see /etc/apt/sources.list"
if ! command -v debootstrap >/dev/null; then
    say "installing debootstrap"
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends debootstrap >/dev/null
fi

# /var/tmp is on disk; /tmp may be memory, or refuse device files.
root=$(mktemp -d /var/tmp/caliban-ls-base.XXXXXX)
trap 'rm -rf --one-file-system "$root"' EXIT

say "making $image from this machine's Debian mirror; this takes a minute or two"
if ! debootstrap --variant=minbase \
    --include=ca-certificates,python-is-python3,python3,python3-pip,python3-venv \
    "$suite" "$root" "$archive" >"$root.log" 2>&1; then
    tail -n 5 "$root.log" >&2
    stop "debootstrap failed; all it said is in $root.log"
fi
rm -f "$root.log"

cp "$bundle" "$root$bundle"
if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
    cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/"
fi
{
    echo "[global]"
    pip_configuration
} >"$root/etc/pip.conf"
# The marker keeps pip from the packages of a desktop's Debian; a container's Python is nobody else's.
rm -f "$root"/usr/lib/python3*/EXTERNALLY-MANAGED
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/var/log/*

tar -C "$root" --numeric-owner --one-file-system -c . | docker import \
    --change "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
    --change "ENV LANG=C.UTF-8" \
    --change "ENV PIP_CERT=$bundle" \
    --change "ENV SSL_CERT_FILE=$bundle" \
    --change "CMD [\"python3\"]" \
    - "$image" >/dev/null
say "made $image"
