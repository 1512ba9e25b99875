"""Where a party's process begins that the kit starts: ``warifu hub``, ``authority``, ``agency`` or ``witness`` without the command line.

Takes the words of those commands and does what they do. It imports what a party needs and nothing else, because six
processes that begin at once share the processors, and whoever started them waits for the last.

What only networks for tests have has its options here and not there: a clock that is set, numbers from a seed, an agency that
answers from elsewhere, and ``--faults``, with which a party takes faults (``warifu_kit.faults``) and can be recorded
(``warifu_kit.recording``), or ``--timings``, with which it tells how long it took (``warifu_kit.timing``). No party has them that a person starts, nor gRPC reflection, which every party has that begins here.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warifu.party.process import run_party

if TYPE_CHECKING:
    from warifu.agency import Agency
    from warifu.clock import Clock

__all__ = ["main"]

_Run = Callable[[asyncio.Event], Coroutine[Any, Any, None]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a party until it is asked to stop; the exit status, as of the commands."""
    given = _parser().parse_args(arguments)
    if given.party == "hub":
        return _hub(given)
    run: _Run = given.run(given)
    return run_party(run, party=given.party, log_level=given.log_level, stop_with_parent=given.stop_with_parent)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="warifu_kit.network.party_entry", description="Run one party.")
    roles = parser.add_subparsers(required=True)
    for role, run in _ROLES:
        words = roles.add_parser(role)
        words.set_defaults(run=run, party=role, go_on=False)
        if role == "agency":
            words.add_argument("party", metavar="PARTY")
            words.add_argument("--authority", metavar="HOST:PORT", required=True)
            words.add_argument("--spread", metavar="SECONDS", type=float)
            words.add_argument("--adapter", metavar="HOST:PORT")
            words.add_argument("--answers-from", metavar="SOCKET", type=Path)
        if role == "authority":
            words.add_argument("--seed", type=int)
        if role == "hub":
            words.add_argument("--store", metavar="ADDRESS")
            words.add_argument("--stand-by", action="store_true")
            words.add_argument("--workers", metavar="N", type=int)
        elif role == "verifier":
            words.add_argument("--jpki", metavar="HOST:PORT", required=True)
        elif role != "jpki":
            words.add_argument("--hub", metavar="HOST:PORT", required=True)
        if role in ("hub", "agency", "witness"):
            words.add_argument("--go-on", action="store_true")
        words.add_argument("--dir", type=Path, required=True)
        if role != "witness":
            words.add_argument("--listen", metavar="HOST:PORT")
            words.add_argument("--clock", metavar="FILE", type=Path)
            words.add_argument("--faults", metavar="JSON")
            words.add_argument("--timings", action="store_true")
        words.add_argument("--log-level", default="warning", choices=("debug", "info", "warning", "error"))
        words.add_argument("--stop-with-parent", action="store_true")
    return parser


def _by_the_kit(given: argparse.Namespace) -> dict[str, Any]:
    """What every party is given that the kit starts, and what some are."""
    handed = _always(given)
    if not given.timings:
        return handed
    from warifu_kit.timing.seam import timed_too

    return timed_too(handed, given.party)


def _always(given: argparse.Namespace) -> dict[str, Any]:
    """What a party is given that the kit starts; for tests also a clock, and what makes it take faults and be recorded."""
    from warifu_kit.network.reflection import reflecting

    clock = _clock(given)
    if given.faults is None:
        return {"beside": reflecting, "clock": clock}
    from warifu_kit.faults.seam import seam
    from warifu_kit.recording.seam import recorded_too

    handed = seam(given.party, given.dir, given.faults, clock)
    return {"beside": reflecting, **recorded_too(handed, given.party, given.dir)}


def _hub(given: argparse.Namespace) -> int:
    """A hub may be several processes, each of which is handed what the kit hands to one."""
    from warifu_hub.app import start_hub

    return start_hub(
        given.dir,
        workers=given.workers,
        listen=given.listen,
        go_on=given.go_on,
        store=given.store,
        stand_by=given.stand_by,
        log_level=given.log_level,
        stop_with_parent=given.stop_with_parent,
        handed=lambda: _by_the_kit(given),
    )


def _authority(given: argparse.Namespace) -> _Run:
    from warifu_kit.network.seeded import numbers_from
    from warifu_services.authority.app import run_authority

    return lambda stop: run_authority(
        stop,
        given.dir,
        hub=given.hub,
        listen=given.listen,
        random_bytes_for=None if given.seed is None else numbers_from(given.seed),
        **_by_the_kit(given),
    )


def _agency(given: argparse.Namespace) -> _Run:
    from warifu_services.node.app import run_node

    return lambda stop: run_node(
        stop,
        given.dir,
        party=given.party,
        hub=given.hub,
        authority=given.authority,
        listen=given.listen,
        go_on=given.go_on,
        spread_s=given.spread,
        adapter=given.adapter,
        agency=_elsewhere(given),
        **_by_the_kit(given),
    )


def _witness(given: argparse.Namespace) -> _Run:
    from warifu_services.witness.app import run_witness

    return lambda stop: run_witness(stop, given.dir, hub=given.hub, go_on=given.go_on)


def _jpki(given: argparse.Namespace) -> _Run:
    from warifu_services.jpki.app import run_jpki

    return lambda stop: run_jpki(stop, given.dir, listen=given.listen, **_beside(given))


def _verifier(given: argparse.Namespace) -> _Run:
    from warifu_services.verifier.app import run_verifier

    return lambda stop: run_verifier(stop, given.dir, jpki=given.jpki, listen=given.listen, **_beside(given))


def _beside(given: argparse.Namespace) -> dict[str, Any]:
    """What those are given that take no faults and are not timed."""
    from warifu_kit.network.reflection import reflecting

    return {"beside": reflecting, "clock": _clock(given)}


def _clock(given: argparse.Namespace) -> Clock | None:
    """The clock that can be set, where the network has one. Raises: FILE_INVALID."""
    if given.clock is None:
        return None
    from warifu_kit.network.settable_clock import SettableClock

    return SettableClock(given.clock)


def _elsewhere(given: argparse.Namespace) -> Agency | None:
    """An agency that answers at a socket of this machine, in place of the kind's own. Raises: PATH_UNUSABLE."""
    if given.answers_from is None:
        return None
    from warifu_kit.attached.asking import AgencyElsewhere

    return AgencyElsewhere.at(given.answers_from)


_ROLES = (
    ("hub", None),
    ("authority", _authority),
    ("agency", _agency),
    ("jpki", _jpki),
    ("verifier", _verifier),
    ("witness", _witness),
)


if __name__ == "__main__":
    sys.exit(main())
