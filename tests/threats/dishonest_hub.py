"""A hub that does not follow the rules, made of the real one: it holds all the real keys, and converts what it likes.

    python tests/threats/dishonest_hub.py --dir NET/hub --listen HOST:PORT --cheat difference

Each cheat begins with the second conversion; the first is honest, and kept to be used again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from warifu.curve.group import Group
from warifu.exchange.codes import EncryptedCode
from warifu.lockstep import Paced, at_once
from warifu.party.process import run_party
from warifu_hub.app import run_hub
from warifu_hub.translate import Translator

Made = tuple[EncryptedCode, bytes]
Cheat = Callable[[Group, Made, Made], Made]
"""What to send, from what should be sent and what the first inquiry's ciphertext would give in this one's place."""


def another(group: Group, this: Made, first: Made) -> Made:
    """The conversion of the first inquiry's ciphertext, with its own proof: the same code, if it is the same person."""
    return first


def another_under_this_proof(group: Group, this: Made, first: Made) -> Made:
    return first[0], this[1]


def difference(group: Group, this: Made, first: Made) -> Made:
    """What opens to the identity, if both are about one person."""
    return _both(group.subtract, this, first), this[1]


def total(group: Group, this: Made, first: Made) -> Made:
    return _both(group.add, this, first), this[1]


def unproven(group: Group, this: Made, first: Made) -> Made:
    """The right conversion, without its proof."""
    return this[0], b""


def _both(operation: Callable[[Any, Any], Any], this: Made, first: Made) -> EncryptedCode:
    return EncryptedCode(operation(this[0].c1, first[0].c1), operation(this[0].c2, first[0].c2))


CHEATS: dict[str, Cheat] = {
    cheat.__name__: cheat for cheat in (another, another_under_this_proof, difference, total, unproven)
}


def _become_dishonest(cheat: Cheat) -> None:
    honest, kept = Translator.conversion, list[EncryptedCode]()

    def conversion(self: Translator, *, encrypted: EncryptedCode, **words: Any) -> Paced[Made]:
        if not kept or encrypted == kept[0]:
            kept.append(encrypted)
            return (yield from honest(self, encrypted=encrypted, **words))
        this = yield from honest(self, encrypted=encrypted, **words)
        return cheat(self._group, this, at_once(honest(self, encrypted=kept[0], **words)))

    vars(sys.modules[Translator.__module__])["Translator"].conversion = conversion


def main() -> int:
    """Run the hub until it is told to stop."""
    parser = argparse.ArgumentParser(description="A hub that does not follow the rules.")
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--listen")
    parser.add_argument("--cheat", required=True, choices=CHEATS)
    parser.add_argument("--stop-with-parent", action="store_true")
    given = parser.parse_args()
    _become_dishonest(CHEATS[given.cheat])
    return run_party(
        lambda stop: run_hub(stop, given.dir, listen=given.listen),
        party="hub",
        log_level="debug",
        stop_with_parent=given.stop_with_parent,
    )


if __name__ == "__main__":
    sys.exit(main())
