"""One process that makes calls: a worker, or locust alone.

Decides which users it can be, and sees before anything begins that the network is there for each of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from gevent.event import Event  # type: ignore[import-untyped]  # publishes no types

from warifu.errors import Reason, WarifuError
from warifu_loadtest.deciding.stage import Part
from warifu_loadtest.driving.desk import Desk
from warifu_loadtest.driving.machine import machine, tls_mode
from warifu_loadtest.driving.neighbourhood import Neighbourhood
from warifu_loadtest.driving.visit import Counted
from warifu_loadtest.users import USERS

__all__ = ["Process"]

_LOOK_S = 5.0


class Process:
    """What this process is able to do, and does of each stage. ``told`` hears of every call."""

    def __init__(self, network: str, agencies: Collection[str], wanted: Collection[str], told: Counted) -> None:
        """Raises: CONFIG_INVALID, FILE_INVALID; why the network cannot be called."""
        if not network:
            where = "no network: give --network DIR, or set WARIFU_NETWORK, a network that is up and populated"
            raise WarifuError(Reason.CONFIG_INVALID, where=where)
        self.around = Neighbourhood(Path(network), agencies)
        self._able = [user for user in USERS if user in wanted and USERS[user].can_be(self.around)]
        if not self._able:
            where = f"{network}: nobody in the mix can be played with the certificates that are here"
            raise WarifuError(Reason.CONFIG_INVALID, where=where)
        self._look()
        self._told = told
        self._desk: Desk | None = None

    @property
    def able(self) -> list[str]:
        """The users that this process can be."""
        return list(self._able)

    def facts(self) -> dict[str, str]:
        """What it runs on, and how it speaks TLS."""
        first = next(iter(self.around.agencies), None)
        way = self.around.described.to_node(first) if first else self.around.described.to_hub()
        return {**machine(), "TLS": tls_mode(way)}

    def work(self) -> None:
        """Make the calls of the next arrival, if there is one."""
        self.desk.work()

    def run(self, told: Mapping[str, Any], cut: Event) -> Part:
        """Do this process's part of a stage."""
        return self.desk.run(told["rates"], told["seconds"], told["seed"], cut)

    @property
    def desk(self) -> Desk:
        """Where arrivals come."""
        if self._desk is None:
            users = {user: USERS[user](self.around, self._able) for user in self._able}
            self._desk = Desk(users, self._told)
        return self._desk

    def _look(self) -> None:
        """Call each node, and the hub, once."""
        for agency in self.around.agencies:
            list(self.around.node(agency).pending_provisions(timeout=_LOOK_S))
        if self.around.supervises:
            self.around.log().checkpoint(timeout=_LOOK_S)
