#!/bin/sh
# Renews requirements.txt and requirements-dev.txt: the newest versions that the floors in pyproject.toml allow.
# No hashes: a Raspberry Pi takes its wheels from piwheels, which builds its own.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

floors() {  # floors KEY: the requirements of the server, or of the extra
    python3 - "$1" <<'PY'
import sys, tomllib
with open("pyproject.toml", "rb") as file:
    project = tomllib.load(file)["project"]
print("\n".join(project["dependencies"] if sys.argv[1] == "server" else project["optional-dependencies"][sys.argv[1]]))
PY
}

python3 -m venv "$work/venv"
pip() { "$work/venv/bin/python" -m pip --disable-pip-version-check --no-input "$@"; }
floors server >"$work/floors"
pip install -q -r "$work/floors"
pip freeze >"$work/server"
floors dev >"$work/floors"
pip install -q -c "$work/server" -r "$work/floors"
pip freeze >"$work/all"

{
    echo "# What a Raspberry Pi installs. Written by \`make lock\`; the floors and their reasons stand in pyproject.toml."
    cat "$work/server"
} >requirements.txt
{
    echo "# What the tests need besides. Written by \`make lock\`; the floors and their reasons stand in pyproject.toml."
    echo "-r requirements.txt"
    grep -vxFf "$work/server" "$work/all"
} >requirements-dev.txt
