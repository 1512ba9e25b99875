#!/usr/bin/env python3
"""Writes the two lists of faults in docs/guide/faults.md from the faults that there are.

With ``--check`` nothing is written and a page that differs is an error.

Usage::

    .venv/bin/python tools/write_faults_page.py
    .venv/bin/python tools/write_faults_page.py --check
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from warifu_kit.faults.fault import EXCHANGES, INQUIRIES, Knob
from warifu_kit.faults.kinds import KINDS, KNOBS

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "guide" / "faults.md"
_SETS = {EXCHANGES: "all RPCs of an exchange", INQUIRIES: "what begins an exchange"}
_FOR_GOOD = 1_000


def _where(knob: Knob) -> str:
    names = ", ".join(f"`{rpc}`" for rpc in sorted(knob.rpcs))
    return f"{_SETS[knob.rpcs]}: {names}" if knob.rpcs in _SETS else names


def _until(knob: Knob) -> str:
    if knob.attempts >= _FOR_GOOD:
        return "any"
    return "the first" if knob.attempts == 1 else f"the first {knob.attempts}"


def _knobs() -> Iterator[str]:
    yield "| knob | the call … | drawn for | at which attempts | of RPCs |"
    yield "|---|---|---|---|---|"
    told: set[frozenset[str]] = set()
    for kind in KNOBS:
        if kind.knob is not None:
            where = _SETS[kind.knob.rpcs] if kind.knob.rpcs in told else _where(kind.knob)
            told |= {kind.knob.rpcs} & _SETS.keys()
            yield f"| `{kind.name}` | {kind.told} | {kind.knob.rate:.0%} | {_until(kind.knob)} | {where} |"


def _faults() -> Iterator[str]:
    yield "| fault | the call … |"
    yield "|---|---|"
    for kind in KINDS.values():
        yield f"| `{kind.written}` | {kind.told} |"


def page(text: str) -> str:
    """The page ``text`` with the lists as they are now."""
    for name, lines in (("knobs", _knobs()), ("faults", _faults())):
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        text = "".join((before, begin, *(f"{line}\n" for line in lines), end, rest.partition(end)[2]))
    return text


def main() -> int:
    """Write the page, or with ``--check`` compare it. Returns the exit status."""
    found = PAGE.read_text("utf-8")
    wanted = page(found)
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(wanted, "utf-8")
        return 0
    if found != wanted:
        print(f"{PAGE.relative_to(ROOT)} is stale; run: .venv/bin/python tools/{Path(__file__).name}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
