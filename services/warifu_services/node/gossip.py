"""What this node tells others of the hub, and what it has heard from them and not weighed yet.

Decides what the way of an exchange does with it, which is next to nothing: what is told is made anew only when there is
something newer, and what is heard is put aside, unless the same bytes were before. However much others tell, one
thing each is kept. What it means is decided in ``views``.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable

from warifu.api.record.v1 import sealed_pb2
from warifu.errors import WarifuError
from warifu.exchange.directory import Directory, DirectorySource
from warifu.exchange.gossip import write_gossip
from warifu.identifiers import InstitutionCode
from warifu.rpc.logging import error_fields, get_logger

__all__ = ["SILENT", "Gossip", "GossipBox"]

_MOST_SETTLED = 1_024
_MOST_WAITING = 1_024
"""Institutions of which something waits: more than any network here has."""


class Gossip:
    """Stands for a party that neither tells nor hears. See :class:`GossipBox`."""

    def telling(self) -> sealed_pb2.Gossip | None:
        """What to tell of the hub now; None for nothing."""
        return None

    def heard(self, by: InstitutionCode, gossip: sealed_pb2.Gossip | None) -> None:
        """Take what ``by`` told inside a box that opened, under its signature. Whatever it is, the exchange goes on."""


SILENT = Gossip()


class GossipBox(Gossip):
    """The gossip of one node. ``came`` is set while something waits."""

    def __init__(self, *, seen: Callable[[], bytes | None], directory: DirectorySource) -> None:
        """``seen`` is the newest checkpoint that was verified here, as a signed note: asked for each exchange."""
        self._seen = seen
        self._directories = directory
        self._told_of: tuple[bytes | None, Directory] | None = None
        self._telling: sealed_pb2.Gossip | None = None
        self._waiting: dict[InstitutionCode, sealed_pb2.Gossip] = {}
        self._settled: dict[bytes, None] = {}
        self.came = asyncio.Event()

    def telling(self) -> sealed_pb2.Gossip | None:
        """See :class:`Gossip`."""
        note, directory = self._seen(), self._directories.current()
        if self._told_of is None or self._told_of[0] is not note or self._told_of[1] is not directory:
            self._telling, self._told_of = _written(note, directory), (note, directory)
        return self._telling

    def heard(self, by: InstitutionCode, gossip: sealed_pb2.Gossip | None) -> None:
        """See :class:`Gossip`."""
        if gossip is None or self.is_settled(gossip):
            return
        if by in self._waiting or len(self._waiting) < _MOST_WAITING:
            self._waiting[by] = gossip
            self.came.set()

    def take(self, most: int) -> list[tuple[InstitutionCode, sealed_pb2.Gossip]]:
        """Up to ``most`` of what waits, longest waiting first."""
        taken = [(by, self._waiting.pop(by)) for by in list(self._waiting)[:most]]
        if not self._waiting:
            self.came.clear()
        return taken

    def put_back(self, by: InstitutionCode, gossip: sealed_pb2.Gossip) -> None:
        """It could not be settled now. What ``by`` told since goes before it."""
        self._waiting.setdefault(by, gossip)
        self.came.set()

    def is_settled(self, gossip: sealed_pb2.Gossip) -> bool:
        """Whether these bytes were looked at, whoever told them."""
        return _digest(gossip) in self._settled

    def settle(self, gossip: sealed_pb2.Gossip) -> None:
        """These bytes need not be looked at again, whoever tells them."""
        self._settled[_digest(gossip)] = None
        if len(self._settled) > _MOST_SETTLED:
            del self._settled[next(iter(self._settled))]


def _written(note: bytes | None, directory: Directory) -> sealed_pb2.Gossip | None:
    try:
        return write_gossip(note, directory.header, directory.version)
    except WarifuError as error:  # nothing is worth an exchange
        get_logger("node").error("nothing_to_gossip", **error_fields(error))
        return None


def _digest(gossip: sealed_pb2.Gossip) -> bytes:
    return hashlib.sha256(gossip.SerializeToString(deterministic=True)).digest()
