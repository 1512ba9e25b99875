#!/usr/bin/env bash
# All tests, in two halves beside each other that take about as long; `make slow` runs what is marked so.
# With words of one's own it is pytest with those words. Ends with the status of the half that failed.
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python
[ "$#" -eq 0 ] || exec "$python" -m pytest "$@"

said=$(mktemp)
"$python" -m pytest tests/unit tests/contract tests/conformance tests/packaging tests/integration/[m-r]*/ >"$said" 2>&1 &
other=$!
trap 'kill "$other" 2>/dev/null || true; rm -f "$said"' EXIT

failed=0
"$python" -m pytest tests/docs tests/outside tests/threats tests/integration/[a-ls-z]*/ || failed=$?
wait "$other" || failed=$?
cat "$said"
exit "$failed"
