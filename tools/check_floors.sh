#!/usr/bin/env bash
# Runs the tests on the oldest releases that pyproject.toml allows: what an integrator with an
# older stack gets. Needs `uv`, and is no part of `make test`. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder"
uv pip install --quiet --python "$folder/bin/python" --resolution lowest-direct --editable '.[speed,research]'
uv pip install --quiet --python "$folder/bin/python" --group build --group test
tools/link_node.sh "$folder"
"$folder/bin/python" -m pytest -p no:cacheprovider "$@"
