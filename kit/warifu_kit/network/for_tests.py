"""What sets a network of tests apart from every other: a seed, a clock that can be set. Both are for good, and said loudly.

Decides what follows from them for whoever makes parties and certificates. Neither is ever given to a party that was not
started by the kit: ``warifu hub`` and its kin have no option for them.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from warifu.clock import Clock, ManualClock
from warifu.party.network_file import NetworkFile
from warifu_kit.network.seeded import Draws, drawn_by_the_system, seeded
from warifu_kit.network.settable_clock import CLOCK_FILE, MADE_BEFORE, VALID_DAYS

__all__ = ["LIKE_OTHERS", "ForTests"]

_NOTICE = "SIMULATED. Not a My Number service; never put real My Numbers in it."
_LIST_DAYS = 30
_CERTIFICATE_DAYS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class ForTests:
    """Neither, for a network that is like others. ``seed`` is from 0 to :data:`LARGEST_SEED`."""

    seed: int | None = None
    settable_clock: bool = False

    @classmethod
    def of(cls, described: NetworkFile) -> ForTests:
        """What a network that is there was made with."""
        return cls(seed=described.seed, settable_clock=described.clock is not None)

    @property
    def draws(self) -> Draws:
        """Where its keys come from."""
        return drawn_by_the_system if self.seed is None else seeded(self.seed)

    @property
    def network_name(self) -> str:
        """A name for it: another one each time, unless it has a seed."""
        return f"sim-{secrets.token_hex(4)}" if self.seed is None else f"sim-seed-{self.seed}"

    def issuing_clock(self, clock: Clock) -> Clock:
        """The time from which its certificates are good."""
        return ManualClock(clock.now() - MADE_BEFORE) if self.settable_clock else clock

    @property
    def certificate_days(self) -> int:
        """For how many days they are good."""
        return VALID_DAYS if self.settable_clock else _CERTIFICATE_DAYS

    @property
    def list_valid_for(self) -> timedelta:
        """For how long a list of certificates taken back is good."""
        return timedelta(days=VALID_DAYS if self.settable_clock else _LIST_DAYS)

    def loudly(self) -> list[str]:
        """What people are told of it, a sentence each; nothing of a network like others."""
        told = []
        if self.seed is not None:
            told.append(f"MADE FROM SEED {self.seed}: whoever knows it has every key; for tests alone")
        if self.settable_clock:
            told.append("ITS CLOCK CAN BE SET: what it says of the time is worth nothing; for tests alone")
        return told

    def options(self, network: Path, party: str) -> list[str]:
        """What a party of the network in that folder is told when the kit starts it."""
        clock = ["--clock", str(network / CLOCK_FILE)] if self.settable_clock else []
        numbers = ["--seed", str(self.seed)] if self.seed is not None and party == "authority" else []
        return clock + numbers

    def described(self) -> dict[str, object]:
        """What ``network.json`` says of it."""
        told: dict[str, object] = {"notice": " ".join([_NOTICE, *(f"{each}." for each in self.loudly())])}
        if self.seed is not None:
            told["seed"] = self.seed
        if self.settable_clock:
            told["clock"] = CLOCK_FILE
        return told


LIKE_OTHERS = ForTests()
"""Of every network that is not for tests."""
