"""What a hub that keeps the log does beside answering: it publishes, takes versions, forgets answers, looks at the whole log.

Decides how often, and what a hub does that meets a fault in it. The same for a hub that is one process and for a sequencer; what
either is made of is not known here.
"""

from __future__ import annotations

import asyncio
import secrets
from functools import partial
from typing import Protocol

from warifu.clock import Clock
from warifu.errors import Reason, WarifuError
from warifu.party.alarms import AlarmKind, fault_text
from warifu.party.chores import Chores
from warifu.party.directory_file import DIRECTORY_FILE
from warifu.party.lookout import Lookout
from warifu.pki import FileWatch
from warifu.rpc.logging import error_fields, get_logger, raised_at
from warifu_hub.ledger import Ledger
from warifu_hub.standing import Standing
from warifu_hub.store import HubStore
from warifu_hub.versions import DirectoryVersions
from warifu_hub.whole_check import look_at_all

__all__ = ["HubChores", "Keeps", "begin_keeping", "publish_once"]

_PUBLISH_SECONDS = 1.0
_ANSWERS_KEPT_MS = 24 * 60 * 60 * 1000
_FORGET_SECONDS = 600.0
_LOOK_SECONDS = 0.25
_TAKE_AGAIN_SECONDS = 2.0


class Keeps(Protocol):
    """What keeps the log."""

    @property
    def store(self) -> HubStore:
        """Its rows."""

    @property
    def ledger(self) -> Ledger:
        """The log."""

    @property
    def versions(self) -> DirectoryVersions:
        """The directory's versions."""

    @property
    def lookout(self) -> Lookout:
        """Whoever looks after it."""

    @property
    def standing(self) -> Standing:
        """Where the log stands."""

    @property
    def clock(self) -> Clock:
        """What time it is."""


class HubChores:
    """The chores of one hub, once it has taken its first version."""

    def __init__(self, hub: Keeps, watch: FileWatch, *, is_taken: bool) -> None:
        self._hub, self._watch, self._is_taken = hub, watch, is_taken
        self._changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.chores = Chores("hub", hub.lookout.alarms)
        """To begin further ones with."""

    def begin(self, stop: asyncio.Event) -> None:
        """Begin them. ``stop`` is set when the log turns out to have been changed."""
        hub = self._hub
        self.chores.begin("publishing", partial(_publish, hub))
        self.chores.begin("forgetting answers", partial(_forget, hub))
        self.chores.begin("taking versions", partial(_follow_versions, hub, self._watch, refused=not self._is_taken))
        self.chores.begin("lookout", hub.lookout.keep)
        self.chores.begin("looking at the whole log", partial(_look_at_log, hub, self._changed, stop))

    async def end(self) -> None:
        """End them, and publish what was sequenced."""
        await self.chores.end()
        await publish_once(self._hub)

    def check(self) -> None:
        """Raises: LOG_INVALID when the log was changed."""
        if self._changed.done():
            self._changed.result()


async def begin_keeping(hub: Keeps) -> HubChores:
    """Have the newest version of the directory in the log before anybody is told of it; the chores, to be begun.

    Raises: LOG_UNAVAILABLE; as ``DirectoryVersions.take``.
    """
    await hub.standing.begin()
    # begun first: what comes meanwhile is not missed
    watch = FileWatch((hub.lookout.alarms.folder / DIRECTORY_FILE,), _LOOK_SECONDS)
    return HubChores(hub, watch, is_taken=await _take_first(hub))


async def _publish(hub: Keeps) -> None:
    """Publish a checkpoint each second in which something was sequenced."""
    while True:
        await asyncio.sleep(_PUBLISH_SECONDS)
        await publish_once(hub)


async def publish_once(hub: Keeps) -> None:
    """Publish a checkpoint over everything sequenced; also the last act of a hub, so that nothing is left unbound."""
    alarms = hub.lookout.alarms
    try:
        await hub.ledger.publish()
        alarms.end(AlarmKind.CHECKPOINT_NOT_PUBLISHED)
    except WarifuError as error:
        alarms.begin(AlarmKind.CHECKPOINT_NOT_PUBLISHED, fault_text(error, alarms.folder))
    except Exception as error:  # noqa: BLE001  # whatever it is, the next second tries again
        alarms.begin(AlarmKind.CHECKPOINT_NOT_PUBLISHED, type(error).__name__)
        get_logger("hub").error("checkpoint_not_published", error=type(error).__name__, at=raised_at(error))


async def _look_at_log(hub: Keeps, changed: asyncio.Future[None], stop: asyncio.Event) -> None:
    """Look at the whole log once. When it was changed the hub stops: it would not have started either."""
    check = hub.ledger.check
    try:
        await look_at_all(hub.store, check, first=secrets.randbelow(check.tiles) if check.tiles else 0)
    except WarifuError as error:
        if error.reason is not Reason.LOG_INVALID:
            raise
        changed.set_exception(error)
        stop.set()
    else:
        get_logger("hub").info("log_looked_at", leaves=check.size)
    await asyncio.Event().wait()


async def _take_first(hub: Keeps) -> bool:
    """Take the version in the folder of a hub that starts. While its log is behind, it goes by the one that this has.

    False then: it serves, so that whoever asks is told why. Raises: as ``DirectoryVersions.take`` otherwise.
    """
    try:
        await _take(hub)
    except WarifuError as error:
        if error.reason is not Reason.LOG_BEHIND:
            raise
        hub.versions.hold_logged()
        _sign_with_held(hub)
        alarms = hub.lookout.alarms
        alarms.begin(AlarmKind.DIRECTORY_REFUSED, fault_text(error, alarms.folder))
        return False
    return True


async def _follow_versions(hub: Keeps, watch: FileWatch, *, refused: bool) -> None:
    """Take each new version of the directory that is put into the hub's folder; again, when it could not be taken.

    ``refused``: the one that lay there when the hub started was not.
    """
    while True:
        await asyncio.sleep(_TAKE_AGAIN_SECONDS if refused else _LOOK_SECONDS)
        if refused or watch.changed():
            refused = not await _is_taken(hub)


async def _is_taken(hub: Keeps) -> bool:
    """Take the version in the folder; False when it was refused, or the log cannot be written. The one in force stays."""
    alarms = hub.lookout.alarms
    try:
        if await _take(hub):
            get_logger("hub").info("directory_version_taken", version=hub.versions.current().version)
    except WarifuError as error:
        alarms.begin(AlarmKind.DIRECTORY_REFUSED, fault_text(error, alarms.folder))
        return False
    except Exception as error:  # noqa: BLE001  # whatever it is, it is tried again
        alarms.begin(AlarmKind.DIRECTORY_REFUSED, type(error).__name__)
        get_logger("hub").error("directory_version_refused", error=type(error).__name__, at=raised_at(error))
        return False
    alarms.end(AlarmKind.DIRECTORY_REFUSED)
    return True


async def _take(hub: Keeps) -> bool:
    """Take the version in the folder, and sign the log with its key. Raises: as ``DirectoryVersions.take``."""
    taken = await hub.versions.take(hub.standing.check)
    _sign_with_held(hub)
    return taken


def _sign_with_held(hub: Keeps) -> None:
    keys = hub.versions.keys.current()
    hub.ledger.sign_with(keys.log_key, keys.verifier)


async def _forget(hub: Keeps) -> None:
    """Drop sealed answers nobody can ask for again."""
    log = get_logger("hub")
    while True:
        try:
            await hub.store.forget_answers(hub.clock.unix_ms() - _ANSWERS_KEPT_MS)
        except WarifuError as error:
            log.warning("answers_not_forgotten", **error_fields(error))
        await asyncio.sleep(_FORGET_SECONDS)
