#!/usr/bin/env bash
# Makes one of the project's environments and fills it from pinned, hashed requirements.
#
#   tools/bootstrap.sh run        .venv, what the network needs to run, and the project itself (editable)
#   tools/bootstrap.sh dev        the same .venv, with the linters and test tools as well, Node.js among them,
#                                 and .node, the packages of the examples in JavaScript
#   tools/bootstrap.sh protogen   .protogen, the code generator alone
#
# A stamp inside the environment holds the hash of everything that decides its content,
# so a second call costs some milliseconds. Nothing outside the three folders is changed,
# but for one case: Debian without python3-venv, when the caller is root.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

KIND=${1:-}
case $KIND in
run | dev) VENV=.venv ;;
protogen) VENV=.protogen ;;
*) echo "usage: tools/bootstrap.sh run|dev|protogen" >&2; exit 2 ;;
esac
# Where this is set, every process of the network would compile all that it imports again.
unset PYTHONDONTWRITEBYTECODE

say() { echo "setup: $*" >&2; }
die() { say "$*"; exit 1; }

# The generator does not read pyproject.toml, so a change there must not rebuild it.
key_of() {
    local inputs=(tools/bootstrap.sh tools/link_node.sh "requirements/$1.txt")
    [ "$1" = protogen ] || inputs+=(requirements/run.txt pyproject.toml)
    [ "$1" != dev ] || inputs+=({examples/adapter_node,examples/node_in_javascript}/package{,-lock}.json)
    { echo "$PWD"; cat "${inputs[@]}"; } | sha256sum | cut -d' ' -f1
}

is_ready() {
    [ -x "$VENV/bin/python" ] && [ -f "$VENV/.stamp-$KIND" ] && [ "$(cat "$VENV/.stamp-$KIND")" = "$KEY" ]
}

find_python() {
    local name
    for name in python3 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    die "Python 3.11 or newer is needed and was not found; on Debian or Ubuntu run: apt-get install python3 python3-venv"
}

# Debian and Ubuntu ship Python without ensurepip; the package python3-venv brings it.
need_venv_module() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null && return
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || die "this Python cannot make environments; run: sudo apt-get install python3-venv"
    say "installing python3-venv"
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y -qq python3-venv >/dev/null || { apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null; }
    "$1" -c 'import ensurepip, venv' 2>/dev/null || die "$1 still cannot make environments; install the -venv package of its version"
}

# An environment made elsewhere and moved here has scripts that point to the old place.
make_venv() {
    local python clear=()
    if [ -x "$VENV/bin/python" ] && "$VENV/bin/python" -c 'import pip' 2>/dev/null; then
        [ ! -f "$VENV/.path" ] || [ "$(cat "$VENV/.path")" != "$PWD" ] || return 0
        [ -f "$VENV/.path" ] || { echo "$PWD" >"$VENV/.path"; return 0; }
    fi
    python=$(find_python)
    need_venv_module "$python"
    [ ! -d "$VENV" ] || clear=(--clear)
    say "making $VENV with $("$python" --version)"
    "$python" -m venv "${clear[@]}" "$VENV"
    echo "$PWD" >"$VENV/.path"
}

# Wheels only: a fresh machine has no compiler, and a build would fetch tools without a hash.
install_pinned() {
    say "installing requirements/$KIND.txt into $VENV"
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
        --only-binary :all: --require-hashes -r "requirements/$KIND.txt"
}

install_project() {
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
        --no-deps --no-build-isolation --editable .
    "$VENV/bin/python" -m compileall -q src hub services kit
}

# Exactly what the lock file says, by its hashes, and no program of a package runs. The cache is kept: what installs the
# example again needs no network.
install_javascript() {
    say "installing $1/package-lock.json into $2"
    mkdir -p "$2"
    cp "$1/package.json" "$1/package-lock.json" "$2/"
    PATH="$PWD/$VENV/bin:$PATH" npm ci --prefix "$2" --cache .node/cache \
        --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel error >/dev/null
}

KEY=$(key_of "$KIND")
is_ready && exit 0
if command -v flock >/dev/null; then # two makes at once: the second waits, then finds it done
    exec 9<tools/bootstrap.sh
    flock 9 || say "this disk cannot lock files; do not run two makes at once"
    is_ready && exit 0
fi
make_venv
install_pinned
if [ "$KIND" != protogen ]; then
    install_project
    key_of run >"$VENV/.stamp-run" # what dev installs contains what run needs
fi
if [ "$KIND" = dev ]; then
    tools/link_node.sh "$VENV"
    install_javascript examples/adapter_node .node
    install_javascript examples/node_in_javascript .node/node_in_javascript
fi
echo "$KEY" >"$VENV/.stamp-$KIND"
say "$VENV is ready"
