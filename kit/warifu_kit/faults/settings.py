"""What a network that is awkward goes by: its seed, and how often each fault is drawn.

Decides what may be said there: a knob that there is, a rate from 0 to 1. It travels to parties as one word of JSON, and
lies in the network's folder, as ``faults.json``, while such a network is up.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from warifu.errors import Reason, WarifuError
from warifu_kit.faults.kinds import KINDS, KNOBS

__all__ = ["SETTINGS_FILE", "FaultSettings", "any_seed", "knobs_set"]

SETTINGS_FILE = "faults.json"
"""In the network's folder, while it is up and takes faults."""

_LARGEST_SEED = 2**63 - 1
_SEEDS_DRAWN = 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSettings:
    """``seed`` is from 0 to 2^63 - 1. With ``calm`` nothing is drawn; what is asked for is done all the same.

    ``rates`` are shares of calls, 0 to 1, by the names of knobs; a knob that is not in it has its own.
    """

    seed: int
    calm: bool = False
    rates: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 <= self.seed <= _LARGEST_SEED:
            raise WarifuError(Reason.CONFIG_INVALID, where=f"seed {self.seed}: a seed is from 0 to 2^63 - 1")
        for name, rate in self.rates.items():
            if name not in KINDS or KINDS[name].knob is None:
                known = ", ".join(kind.name for kind in KNOBS)
                raise WarifuError(Reason.CONFIG_INVALID, where=f"knob {name}: there is none; there are {known}")
            if not 0 <= rate <= 1:
                raise WarifuError(Reason.CONFIG_INVALID, where=f"knob {name}: {rate} is not from 0 to 1")

    def rate(self, name: str) -> float:
        """The share of calls at which the knob ``name`` is drawn."""
        knob = KINDS[name].knob
        return 0.0 if self.calm or knob is None else self.rates.get(name, knob.rate)

    def words(self) -> list[str]:
        """The options of ``warifu up`` that ask for the same again."""
        if self.calm:
            return ["--calm"]
        knobs = [word for name, rate in self.rates.items() for word in ("--knob", f"{name}={rate:g}")]
        return ["--awkward", "--seed", str(self.seed), *knobs]

    def to_json(self) -> str:
        """In one line."""
        return json.dumps({"seed": self.seed, "calm": self.calm, "rates": dict(self.rates)})

    @classmethod
    def from_json(cls, text: str, *, where: str = SETTINGS_FILE) -> FaultSettings:
        """The same, the other way. Raises: CONFIG_INVALID."""
        try:
            told: dict[str, Any] = json.loads(text)
            return cls(seed=int(told["seed"]), calm=bool(told["calm"]), rates=dict(told["rates"]))
        except (KeyError, TypeError, ValueError):
            raise WarifuError(Reason.CONFIG_INVALID, where=f"{where}: not the settings of faults") from None


def any_seed() -> int:
    """A seed that is short to type."""
    return secrets.randbelow(_SEEDS_DRAWN)


def knobs_set(texts: Sequence[str]) -> dict[str, float]:
    """Rates from ``NAME=RATE``. Raises: CONFIG_INVALID."""
    rates = {}
    for text in texts:
        name, _, rate = text.partition("=")
        try:
            rates[name] = float(rate)
        except ValueError:
            where = f"knob {text}: should be NAME=RATE, such as delay=0.5"
            raise WarifuError(Reason.CONFIG_INVALID, where=where) from None
    return rates
