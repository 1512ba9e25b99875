"""One thing that was asked of a party, and which calls fall under it. Pure; where rules lie is known in ``rules``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Rule", "first_match"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Do ``faults`` to the next calls of ``rpc``.

    ``number`` is the rule's own among all that its party ever had. ``times`` is at how many calls, 0 at all of them;
    ``exchange`` at which, by its request_id in hexadecimal, empty for any.
    """

    number: int
    rpc: str
    faults: str
    times: int = 1
    exchange: str = ""

    def takes(self, rpc: str, exchange: str, used: int) -> bool:
        """Whether a call falls under it, after it was ``used`` so often."""
        left = not self.times or used < self.times
        return left and rpc == self.rpc and self.exchange in {"", exchange}


def first_match(rules: Iterable[Rule], rpc: str, exchange: str, used: Counter[int]) -> Rule | None:
    """The first of ``rules`` that a call falls under."""
    return next((rule for rule in rules if rule.takes(rpc, exchange, used[rule.number])), None)
