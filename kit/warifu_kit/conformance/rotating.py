"""Keys that change while a node is under check, in versions of the directory that the stage's hub publishes.

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
from warifu.party.directory_file import VERSIONS_FOLDER, read_directory_file
from warifu_hub.app import Hub
from warifu_kit.conformance.hands import Hands

__all__ = ["RETIRED", "USUAL", "KeyChanges", "Rotating"]

USUAL: Final = None
"""An overlap as long as the one whose network it is says."""

_HUB: Final = "hub"

RETIRED: Final = timedelta(hours=-1)
"""An overlap that is over: what is made under the replaced key now is good no more."""


@dataclass(frozen=True, slots=True)
class KeyChanges:
    """How keys of a network are changed. Each is given the network's folder, and how long the replaced key stays good.

    ``signing_key_of`` gives an agency, by its name, another signing key, ``hubs_signing_key`` the hub.
    """

    signing_key_of: Callable[[Path, str, timedelta | None], object]
    hubs_signing_key: Callable[[Path, timedelta | None], object]


class Rotating:
    """``hands`` go by the newest version; ``inquirer`` is the name of the party that asks."""

    def __init__(
        self, path: Path, inquirer: str, hub: Hub, make_hands: Callable[[], Hands], changes: KeyChanges
    ) -> None:
        self._changes = changes
        self._path = path
        self._inquirer = inquirer
        self._hub = hub
        self._make_hands = make_hands
        self.hands = make_hands()

    async def change_inquirers_key(self, overlap: timedelta | None = USUAL) -> None:
        """Give the inquirer another signing key, and with it another epoch. Raises: WarifuError."""
        self._changes.signing_key_of(self._path, self._inquirer, overlap)
        await self._publish()

    async def change_hubs_key(self, overlap: timedelta | None = USUAL) -> None:
        """Give the hub another signing key. Raises: WarifuError."""
        self._changes.hubs_signing_key(self._path, overlap)
        await self._publish()

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
