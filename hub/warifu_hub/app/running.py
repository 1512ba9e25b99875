"""The hub's process, from its start to its end, and what it does now and then. What it is made of is not known here."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import grpc

from warifu.clock import Clock
from warifu.errors import Reason, WarifuError
from warifu.party.alarms import AlarmKind, fault_text
from warifu.party.chores import Chores
from warifu.party.directory_file import DIRECTORY_FILE
from warifu.party.folder import PartyFolder
from warifu.party.postgres.owner import OwnedElsewhereError
from warifu.party.process import announce_ready, serve_until
from warifu.party.unproven import say_if_unproven
from warifu.pki import FileWatch
from warifu.rpc.logging import error_fields, get_logger, raised_at
from warifu.rpc.server import MakeService
from warifu_hub.app.construction import Hub, build_hub
from warifu_hub.whole_check import look_at_all

__all__ = ["run_hub"]

_PUBLISH_SECONDS = 1.0
_ANSWERS_KEPT_MS = 24 * 60 * 60 * 1000
_FORGET_SECONDS = 600.0
_LOOK_SECONDS = 0.25
_TAKE_AGAIN_SECONDS = 2.0
_STAND_BY_SECONDS = 0.5


async def run_hub(
    stop: asyncio.Event,
    path: Path,
    *,
    listen: str | None = None,
    go_on: bool = False,
    store: str | None = None,
    stand_by: bool = False,
    clock: Clock | None = None,
    server_interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
    channel_interceptors: Sequence[grpc.aio.ClientInterceptor] = (),
    beside: MakeService | None = None,
) -> None:
    """Run the hub in ``path`` until ``stop`` is set; says on standard output where it listens.

    ``store`` is the address of a PostgreSQL database, in place of the folder's file; with ``stand_by`` a hub whose rows another
    hub owns waits until that has ended, and serves then. ``go_on`` is what an operator says of a log that was restored from an older state. ``clock`` is the machine's unless given.

    Raises:
        WarifuError: as :func:`build_hub`; LOG_INVALID also later, when it finds that the log was changed further back.
    """
    build = partial(
        build_hub,
        PartyFolder(path),
        listen=listen,
        clock=clock,
        stopping=stop,
        go_on=go_on,
        store=store,
        server_interceptors=server_interceptors,
        channel_interceptors=channel_interceptors,
        beside=beside,
    )
    hub = await _in_turn(build, stop) if stand_by else build()
    if hub is None:
        return
    await hub.standing.begin()
    watch = FileWatch((path / DIRECTORY_FILE,), _LOOK_SECONDS)  # begun first: what comes meanwhile is not missed
    is_taken = await _take_first(hub)  # the directory is in the log before anybody is told of it
    await hub.server.start()
    hub.lookout.serving_at(hub.endpoint)
    say_if_unproven("hub", hub.versions.current())
    announce_ready(party="hub", endpoint=hub.endpoint)
    chores = Chores("hub", hub.lookout.alarms)
    chores.begin("publishing", partial(_publish, hub))
    chores.begin("forgetting answers", partial(_forget, hub))
    chores.begin("taking versions", partial(_follow_versions, hub, watch, refused=not is_taken))
    chores.begin("lookout", hub.lookout.keep)
    changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    chores.begin("looking at the whole log", partial(_look_at_log, hub, changed, stop))
    await serve_until(stop, hub.server)
    await chores.end()
    await _publish_once(hub)
    await hub.close()
    if changed.done():
        changed.result()


async def _in_turn(build: Callable[[], Hub], stop: asyncio.Event) -> Hub | None:
    """The hub, once nobody else owns its rows; None when it is stopped before."""
    while not stop.is_set():
        try:
            return build()
        except OwnedElsewhereError:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _STAND_BY_SECONDS)
    return None


async def _publish(hub: Hub) -> None:
    """Publish a checkpoint each second in which something was sequenced."""
    while True:
        await asyncio.sleep(_PUBLISH_SECONDS)
        await _publish_once(hub)


async def _publish_once(hub: Hub) -> None:
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


async def _look_at_log(hub: Hub, changed: asyncio.Future[None], stop: asyncio.Event) -> None:
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


async def _take_first(hub: Hub) -> bool:
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


async def _follow_versions(hub: Hub, watch: FileWatch, *, refused: bool) -> None:
    """Take each new version of the directory that is put into the hub's folder; again, when it could not be taken.

    ``refused``: the one that lay there when the hub started was not.
    """
    while True:
        await asyncio.sleep(_TAKE_AGAIN_SECONDS if refused else _LOOK_SECONDS)
        if refused or watch.changed():
            refused = not await _is_taken(hub)


async def _is_taken(hub: Hub) -> bool:
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


async def _take(hub: Hub) -> bool:
    """Take the version in the folder, and sign the log with its key. Raises: as ``DirectoryVersions.take``."""
    taken = await hub.versions.take(hub.standing.check)
    _sign_with_held(hub)
    return taken


def _sign_with_held(hub: Hub) -> None:
    keys = hub.versions.keys.current()
    hub.ledger.sign_with(keys.log_key, keys.verifier)


async def _forget(hub: Hub) -> None:
    """Drop sealed answers nobody can ask for again."""
    log = get_logger("hub")
    while True:
        try:
            await hub.store.forget_answers(hub.clock.unix_ms() - _ANSWERS_KEPT_MS)
        except WarifuError as error:
            log.warning("answers_not_forgotten", **error_fields(error))
        await asyncio.sleep(_FORGET_SECONDS)
