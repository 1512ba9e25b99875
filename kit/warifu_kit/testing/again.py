"""Asking again where the network itself, being awkward, ended a call: what every client of a network has to do.

Decides that only faults which the seed drew are waited out, as the ledgers of parties say: what a test asked for, and whatever
an agency did wrong, ends a call as it did. The call that is made again is the same, with the same request_id.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from warifu.errors import WarifuError
from warifu_kit.faults.asking import every_folder
from warifu_kit.faults.kinds import parse_chain
from warifu_kit.faults.ledger import lines_about, read_ledger

__all__ = ["drawn_count", "waiting_out"]

T = TypeVar("T")


def waiting_out(network: Path, request_id: bytes, call: Callable[[], T]) -> T:
    """What ``call`` returns in the end. Raises: the error that no drawn fault is behind.

    Comes to an end: nothing that ends a call is drawn after the second attempt at an exchange, at any party.
    """
    waited_out = 0
    while True:
        try:
            return call()
        except WarifuError:
            drawn = _drawn_ends(network, request_id)
            if drawn <= waited_out:
                raise
            waited_out = drawn


def _drawn_ends(network: Path, request_id: bytes) -> int:
    """How often a call about this exchange was ended by a fault that the seed drew, at any party."""
    folders = every_folder(network).values()
    lines = (line for folder in folders for line in lines_about(folder, request_id.hex()) if line.by == "seed")
    return sum(any(fault.ends for fault in parse_chain(line.faults)) for line in lines)


def drawn_count(network: Path) -> int:
    """How many calls met what the seed drew, at all parties so far."""
    lines = (line for folder in every_folder(network).values() for line in read_ledger(folder))
    return sum(line.by == "seed" for line in lines)
