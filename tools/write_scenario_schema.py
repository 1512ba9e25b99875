#!/usr/bin/env python3
"""Writes docs/schema/scenario.schema.json from the model that reads a scenario file.

With ``--check`` nothing is written and a file that differs is an error.

Usage::

    .venv/bin/python tools/write_scenario_schema.py
    .venv/bin/python tools/write_scenario_schema.py --check
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from warifu_kit.scenario.file.reading import SCHEMA_ID, scenario_schema

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "docs" / "schema" / SCHEMA_ID


def main() -> int:
    """Write the schema, or with ``--check`` compare it. Returns the exit status."""
    wanted = json.dumps(scenario_schema(), ensure_ascii=False, indent=2) + "\n"
    if "--check" not in sys.argv[1:]:
        SCHEMA.write_text(wanted, "utf-8")
        return 0
    if not SCHEMA.exists() or SCHEMA.read_text("utf-8") != wanted:
        print(
            f"{SCHEMA.relative_to(ROOT)} is stale; run: .venv/bin/python tools/{Path(__file__).name}", file=sys.stderr
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
