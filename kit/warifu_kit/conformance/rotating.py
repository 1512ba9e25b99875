"""What changes of the network while a node is under check, in versions of the directory that the stage's hub publishes.

Decides what follows a change: the hub has the version in its log, and the hands go by it. Former hands stay as they were, for
what was begun under them. The network is made for the check: its root's key is used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from warifu.api.directory.v1.directory_service_pb2 import DirectoryFile
from warifu.curve.group import Point
from warifu.party.directory_file import VERSIONS_FOLDER, read_directory_file
from warifu_hub.app import Hub
from warifu_kit.conformance.changes import NetworkChanges
from warifu_kit.conformance.hands import Hands

__all__ = ["RETIRED", "USUAL", "Parties", "Rotating"]

USUAL: Final = None
"""An overlap as long as the one whose network it is says."""

_HUB: Final = "hub"

RETIRED: Final = timedelta(hours=-1)
"""An overlap that is over: what is made under the replaced key now is good no more."""


@dataclass(frozen=True, slots=True)
class Parties:
    """Names of parties: who asks, and who is under check."""

    inquirer: str
    own: str


class Rotating:
    """``hands`` go by the newest version. ``let_in`` lets in whoever may not ask, and gives that one's hands and code of somebody known.

    ``let_in`` is None where the network's table has nobody whose assessment was withdrawn.
    """

    def __init__(
        self,
        path: Path,
        parties: Parties,
        hub: Hub,
        make_hands: Callable[[], Hands],
        changes: NetworkChanges,
        let_in: Callable[[], tuple[Hands, Point]] | None = None,
    ) -> None:
        self._changes = changes
        self._path = path
        self._parties = parties
        self._hub = hub
        self._make_hands = make_hands
        self._let_in = let_in
        self.hands = make_hands()

    async def change_inquirers_key(self, overlap: timedelta | None = USUAL) -> None:
        """Give the inquirer another signing key, and with it another epoch. Raises: WarifuError."""
        self._changes.signing_key_of(self._path, self._parties.inquirer, overlap)
        await self._publish()

    async def change_hubs_key(self, overlap: timedelta | None = USUAL) -> None:
        """Give the hub another signing key. Raises: WarifuError."""
        self._changes.hubs_signing_key(self._path, overlap)
        await self._publish()

    async def change_own_keys(self, overlap: timedelta | None = USUAL) -> None:
        """Give the node under check other keys, all three, in its folder and in the directory. Raises: WarifuError."""
        self._changes.keys_of(self._path, self._parties.own, overlap)
        await self._publish()

    async def withdrawn(self) -> tuple[Hands, Point] | None:
        """Whoever is a member and may not ask, for their assessment is withdrawn; None where there can be none. Raises: WarifuError."""
        if self._let_in is None:
            return None
        found = self._let_in()
        await self._publish()
        return found

    def take_back(self, serial: int) -> None:
        """Take a certificate back: the hub has the list, and says that there is a newer one. Raises: WarifuError."""
        self._changes.take_back(self._path, serial)

    def version_before(self) -> DirectoryFile:
        """The version before the newest."""
        version = self.hands.directory.version - 1
        return read_directory_file(self._path / _HUB / VERSIONS_FOLDER / f"{version}.json")

    async def _publish(self) -> None:
        """Have the hub take the version that lies in its folder, as a hub that runs by itself does."""
        await self._hub.versions.take()
        keys = self._hub.versions.keys.current()
        self._hub.ledger.sign_with(keys.log_key, keys.verifier)
        await self._hub.ledger.publish()
        self.hands = self._make_hands()
