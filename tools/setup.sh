#!/bin/sh
# Makes .venv ready. `tools/setup.sh` installs what the server needs, `tools/setup.sh dev` what the tests need too,
# Debian's chromium, node and strace included, and `tools/setup.sh bench` the packages of the rival in Node as well. Installs Debian packages where it may (root, or sudo without a password),
# and otherwise says which command to type. Does nothing where nothing has changed.
set -eu
cd "$(dirname "$0")/.."

say() { echo "setup: $*" >&2; }

debian() {  # debian PACKAGE…: install, or say how
    if [ "$(id -u)" = 0 ]; then
        as_root=""
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        as_root="sudo -n"
    else
        say "missing Debian packages; please run: sudo apt install $*"
        exit 1
    fi
    if ! command -v apt-get >/dev/null; then
        say "missing: $* (and there is no apt-get to install them with)"
        exit 1
    fi
    say "installing Debian packages: $*"
    $as_root apt-get update -q >&2
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" >&2
}

make_venv() {
    command -v python3 >/dev/null || debian python3 python3-venv
    if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        say "Python 3.11 or newer is needed, this is $(python3 --version): Debian 12 and Raspberry Pi OS bookworm have it"
        exit 1
    fi
    python3 -c 'import ensurepip, venv' 2>/dev/null || debian python3-venv
    say "making .venv"
    rm -rf .venv
    python3 -m venv .venv
}

install() {  # install FILE: once per content
    stamp=".venv/installed-$1"
    if cmp -s "$1" "$stamp"; then
        return
    fi
    say "installing $1"
    .venv/bin/python -m pip install -q --disable-pip-version-check --no-input -r "$1" >&2
    cp "$1" "$stamp"
}

.venv/bin/python -c '' 2>/dev/null || make_venv
install requirements.txt
case "${1:-run}" in dev | bench)
    install requirements-dev.txt
    missing=""
    command -v chromium >/dev/null || missing="chromium fonts-dejavu-core"
    command -v node >/dev/null || missing="$missing nodejs"
    command -v curl >/dev/null || missing="$missing curl"
    command -v strace >/dev/null || missing="$missing strace"
    command -v mosquitto_passwd >/dev/null || missing="$missing mosquitto"
    command -v openssl >/dev/null || missing="$missing openssl"
    # shellcheck disable=SC2086  # a list of words
    [ -z "$missing" ] || debian $missing
    ;;
esac
if [ "${1:-}" = bench ] && [ ! -d bench/rivals/node/node_modules ]; then
    command -v npm >/dev/null || debian npm
    say "installing the packages of bench/rivals/node"
    (cd bench/rivals/node && npm ci --no-audit --no-fund >&2)
fi
