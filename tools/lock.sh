#!/usr/bin/env bash
# Pins what pyproject.toml asks for into requirements/*.txt, with a hash for every wheel.
# The files hold no address: pip takes them from whatever index its user has configured.
# One file fits Linux on x86-64 and aarch64 with Python 3.11 and newer (--universal).
# Needs `uv`; nobody needs it to install. Add --upgrade to take newer releases.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

lock() {
    local target=$1
    shift
    uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header --no-annotate \
        --no-emit-index-url --no-emit-find-links --output-file "requirements/$target.txt" "$@"
}

lock run pyproject.toml --extra speed --group build "$@"
# Everything in run.txt stays at the same release, so both can share one environment.
lock dev pyproject.toml --all-extras --group build --group test --group dev --constraints requirements/run.txt "$@"
lock protogen --group protogen "$@"
