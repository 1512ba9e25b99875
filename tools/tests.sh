#!/usr/bin/env bash
# All tests, in three parts beside each other that take about as long: much of what they do is to wait for parties. `make slow`
# runs what is marked so. With words of one's own it is pytest with those words. Ends with the status of a part that failed.
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python
[ "$#" -eq 0 ] || exec "$python" -m pytest "$@"

said=$(mktemp -d)
"$python" -m pytest tests/unit tests/contract tests/conformance tests/packaging tests/integration/j*/ >"$said/1" 2>&1 &
first=$!
"$python" -m pytest tests/integration/[k-z]*/ >"$said/2" 2>&1 &
second=$!
trap 'kill "$first" "$second" 2>/dev/null || true; rm -rf "$said"' EXIT

failed=0
"$python" -m pytest tests/docs tests/outside tests/threats tests/integration/[a-f]*/ || failed=$?
wait "$first" || failed=$?
wait "$second" || failed=$?
cat "$said/1" "$said/2"
exit "$failed"
