#!/usr/bin/env bash
# All tests, in two halves beside each other: those that start processes mostly wait, the others mostly reckon.
# With words of one's own it is pytest with those words. Ends with the status of the half that failed.
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python
[ "$#" -eq 0 ] || exec "$python" -m pytest "$@"

said=$(mktemp)
"$python" -m pytest tests/unit tests/packaging >"$said" 2>&1 &
reckoning=$!
trap 'kill "$reckoning" 2>/dev/null || true; rm -f "$said"' EXIT

failed=0
"$python" -m pytest tests/docs tests/integration || failed=$?
wait "$reckoning" || failed=$?
cat "$said"
exit "$failed"
