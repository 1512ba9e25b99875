"""What the costly functions of an exchange take in this process, hot: microseconds each.

Decides which: those that ``docs/performance.md`` counts. They tell how a party's time is shared among its visits, since a running network
tells of a party as a whole.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from warifu.curve.suites import group_of
from warifu.exchange.seal import SealingKey, seal_together
from warifu.exchange.signature import SigningKey, verify_signature
from warifu_kit.scenario.virtual.costs import VISITS

__all__ = ["COUNTED", "arithmetic_us", "fdatasync_ms", "of_visits_us"]

COUNTED: Final[Mapping[str, Mapping[str, tuple[int, int]]]] = {
    "inquirer_asks": {"multiply": (1, 0), "base": (2, 0), "add": (1, 0), "sign": (0, 1), "set_up": (0, 1), "box": (1, 0)},
    "hub_permits": {"multiply": (7, 2), "base": (3, 1), "add": (5, 1), "sign": (0, 1), "verify": (0, 1)},
    "provider_answers": {
        "multiply": (5, 3), "base": (2, 1), "add": (5, 2), "sign": (0, 1), "verify": (0, 2), "set_up": (0, 2), "box": (2, 0),
    },
    "hub_relays": {"verify": (0, 1)},
    "inquirer_opens": {"verify": (0, 1), "set_up": (0, 1), "box": (1, 0)},
}  # fmt: skip
"""How often each exchange, and all that go together, need each: the counts of ``docs/performance.md``, every conversion proven."""

_ROUNDS, _TIMES, _SYNCS, _BOXES = 15, 40, 60, 17
_INFO: Final = b"warifu-calibrate"


def arithmetic_us(suite: int) -> dict[str, float]:
    """Microseconds of each function."""
    group = group_of(suite)
    scalar = group.random_scalar()
    point = group.base_multiply(scalar)
    signer, public = SigningKey.generate(), SealingKey.generate().public
    alone, many = (_boxes_us(public, count) for count in (1, _BOXES))
    box = (many - alone) / (_BOXES - 1)
    return {
        "multiply": _hot_us(lambda: group.multiply(scalar, point)),
        "base": _hot_us(lambda: group.base_multiply(scalar)),
        "add": _hot_us(lambda: group.add(point, point)),
        "sign": _hot_us(lambda: signer.sign(_INFO, bytes(200))),
        "verify": _verify_us(signer),
        "set_up": alone - box,
        "box": box,
    }


def of_visits_us(each: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """For each visit the arithmetic of one exchange, and that which all who go together share."""
    return {
        name: (
            sum(times * each[what] for what, (times, _) in COUNTED[name].items()),
            sum(times * each[what] for what, (_, times) in COUNTED[name].items()),
        )
        for name in VISITS
    }


def _boxes_us(public: bytes, count: int) -> float:
    """So many boxes to one key, with the set-up that they share."""
    return _hot_us(lambda: seal_together(public, _INFO, [(_INFO, bytes(200))] * count))


def _verify_us(signer: SigningKey) -> float:
    """Each signature another one: who has verified one remembers it."""
    messages = [number.to_bytes(4, "big") for number in range(_ROUNDS * _TIMES + 1)]
    signatures = iter([(message, signer.sign(_INFO, message)) for message in messages])

    def verify() -> None:
        message, signature = next(signatures)
        verify_signature(signer.verify_key, signature, _INFO, message)

    return _hot_us(verify)


def _hot_us(call: Callable[[], object]) -> float:
    """The tenth percentile of rounds, in this thread's own time: what others do on the machine counts little."""
    took = []
    for _ in range(_ROUNDS):
        begun = time.thread_time_ns()
        for _ in range(_TIMES):
            call()
        took.append((time.thread_time_ns() - begun) / _TIMES / 1e3)
    return sorted(took)[_ROUNDS // 10]


def fdatasync_ms(folder: Path) -> float:
    """The median of durable writes of 4 KB below ``folder``."""
    took = []
    with NamedTemporaryFile(dir=folder) as file:
        for _ in range(_SYNCS):
            os.write(file.fileno(), bytes(4096))
            begun = time.perf_counter_ns()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter_ns() - begun) / 1e6)
    return statistics.median(took)
