"""In which order the parties of a network start and stop, and whom each is told of. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from warifu.party.network_file import NetworkFile

__all__ = ["ASKED", "BESIDE", "IN_EXCHANGE", "asked_by", "starting_order"]

ASKED: Final = ("authority", "jpki", "hub")
"""Parties that others ask, in the order in which they stop."""

BESIDE: Final = {"jpki": frozenset({"jpki", "verifier"})}
"""What a network can be without: the roles of those parties."""

IN_EXCHANGE: Final = frozenset({"hub", "authority", "agency"})
"""Roles whose parties have a process, go by the directory, and take faults. Those beside the exchange do neither."""

_ASKED_BY: Final[dict[str, tuple[str, ...]]] = {"hub": (), "authority": ("hub",), "jpki": (), "verifier": ("jpki",)}


def asked_by(party: str) -> tuple[str, ...]:
    """Whom a party asks, and is told of on starting."""
    return _ASKED_BY.get(party, ("hub", "authority"))


def starting_order(described: NetworkFile, without: Collection[str] = ()) -> list[str]:
    """Every party with a process of its own, the hub first. A supervisor only calls."""
    not_running = {"supervisor"}.union(*(BESIDE[what] for what in without))
    running = [party for party, about in described.parties.items() if about.role not in not_running]
    return sorted(running, key=lambda party: (party != "hub", party != "authority"))
