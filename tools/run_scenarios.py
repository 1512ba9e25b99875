#!/usr/bin/env python3
"""Runs every scenario of ``scenarios/`` at small size and says what each answered.

Usage::

    .venv/bin/python tools/run_scenarios.py [--whole] [NAME ...]

Small is the share of its traffic that makes some thousand exchanges. Exit status 1 when one does not hold what it expects.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from warifu_kit.output import say
from warifu_kit.scenario.file.reading import load_scenario
from warifu_kit.scenario.running import run_into
from warifu_kit.scenario.told.summary import does_hold, sentences
from warifu_kit.scenario.virtual.costs import load_calibration

ROOT = Path(__file__).resolve().parent.parent
SMALL = {"national_day": 0.01, "national_peak": 0.02, "tax_season": 0.05}
OTHERS = 0.25


def main() -> int:
    """Run them. Returns the exit status."""
    parser = argparse.ArgumentParser(description="Run every scenario at small size.")
    parser.add_argument("names", nargs="*", help="only these, such as hub_crash")
    parser.add_argument("--whole", action="store_true", help="at their own size")
    told = parser.parse_args()
    files = [file for file in sorted((ROOT / "scenarios").glob("*.yaml")) if not told.names or file.stem in told.names]
    held = [_run(file, 1.0 if told.whole else SMALL.get(file.stem, OTHERS)) for file in files]
    say(f"{sum(held)} of {len(held)} scenarios hold what they expect; see {ROOT / 'runs' / 'scenarios'}")
    return 0 if held and all(held) else 1


def _run(file: Path, scale: float) -> bool:
    folder = ROOT / "runs" / "scenarios" / file.stem
    answer = run_into(folder, load_scenario(file), load_calibration(), lambda *_: None, scale)
    say(*sentences(answer), "")
    return does_hold(answer)


if __name__ == "__main__":
    sys.exit(main())
