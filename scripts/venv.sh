#!/bin/sh
# Makes .venv with what the compatibility suite needs. Exit 3: this machine
# cannot have one (no venv module, and no right to install it).
set -eu
cd "$(dirname "$0")/.."

# Debian packages: only as root, only the missing ones, never fatal. Cases that
# need an absent one are skipped and say so.
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    missing=
    for package in $(sed 's/#.*//' compat-tests/packages.txt); do
        dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
    done
    if [ -n "$missing" ]; then
        apt-get update -qq || true
        # shellcheck disable=SC2086 # a list of names
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null || true
    fi
fi

if ! [ -x .venv/bin/python ] || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    rm -rf .venv
    if ! python3 -m venv .venv; then
        rm -rf .venv
        echo "python3 cannot make a venv: install python3-venv" >&2
        exit 3
    fi
fi
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r compat-tests/requirements.txt
touch .venv/ready
