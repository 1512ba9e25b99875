#!/usr/bin/env python3
"""Writes tests/vectors/protocol/*.json: this protocol's own values, each with all that it is made from.

They are for whoever writes a party in another language. With ``--check`` nothing is written and a file that differs is an
error: two versions that disagree on one byte cannot talk to each other, so a change of these is a change of the protocol.

Usage::

    .venv/bin/python tools/write_vectors.py
    .venv/bin/python tools/write_vectors.py --check
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vectors.codes import codes
from vectors.contexts import contexts
from vectors.directory import directory
from vectors.exchange import boxes, exchange
from vectors.labels import labels
from vectors.log import log
from vectors.numbers import numbers
from vectors.world import World

from warifu.curve.suites import available_suites, group_of

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "tests" / "vectors" / "protocol"


def files() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every file by its name."""
    yield "numbers.json", numbers()
    yield "context.json", contexts()
    yield "labels.json", labels()
    yield "boxes.json", boxes()
    yield "log.json", log()
    for suite in (1, 2):
        world = World(group_of(suite))
        told = codes(world)
        yield f"codes-suite{suite}.json", told
        yield f"exchange-suite{suite}.json", exchange(world, told)
        yield f"directory-suite{suite}.json", directory(world)


def main() -> int:
    """Write the files, or with ``--check`` compare them. Returns the exit status."""
    if available_suites() != (1, 2):
        print("suite 1 needs the system's libsodium (package libsodium23)", file=sys.stderr)
        return 1
    stale = []
    for name, told in files():
        wanted = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
        path = FOLDER / name
        if "--check" not in sys.argv[1:]:
            FOLDER.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted, "utf-8")
        elif not path.exists() or path.read_text("utf-8") != wanted:
            stale.append(path.relative_to(ROOT).as_posix())
    if stale:
        print(f"{', '.join(stale)}: differ; run: .venv/bin/python tools/{Path(__file__).name}", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
