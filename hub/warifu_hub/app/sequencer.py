"""The sequencer of a hub of several processes: what it is made from, and its process from start to end.

It keeps what a hub that is one process keeps, with the same parts, and serves nobody but the hub's own workers.
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from warifu.api.directory.v1.directory_service_pb2_grpc import add_DirectoryServiceServicer_to_server
from warifu.api.hub.v1.supervision_service_pb2_grpc import add_SupervisionServiceServicer_to_server
from warifu.api.log.v1.log_service_pb2_grpc import add_LogServiceServicer_to_server
from warifu.api.party.v1.party_service_pb2_grpc import add_PartyServiceServicer_to_server
from warifu.clock import Clock, SystemClock
from warifu.errors import WarifuError
from warifu.party.folder import PartyFolder
from warifu.party.groundwork import Groundwork
from warifu.party.lookout import Lookout
from warifu.party.place import place_of
from warifu.party.process import announce_ready
from warifu.party.unproven import say_if_unproven
from warifu.party.witness_file import read_witnesses
from warifu.permissions.decision import check_table
from warifu.permissions.table import TABLE_FILE, PermissionTable
from warifu_hub.app.construction import check_fit
from warifu_hub.app.keeping import begin_keeping
from warifu_hub.app.parts import Keeping
from warifu_hub.app.running import in_turn
from warifu_hub.ledger import Ledger
from warifu_hub.standing import Standing
from warifu_hub.store_database import DatabaseHubStore
from warifu_hub.versions import DirectoryVersions
from warifu_hub.workers.calls_here import CallsHere
from warifu_hub.workers.place import SOCKET_FILE, listening
from warifu_hub.workers.sequencing import Sequencing, State
from warifu_hub.workers.told_store import ToldStore

__all__ = ["Sequencer", "build_sequencer", "run_sequencer"]

_TELL_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequencer:
    """A sequencer that is built and not yet started."""

    folder: Path
    store: DatabaseHubStore
    ledger: Ledger
    versions: DirectoryVersions
    lookout: Lookout
    standing: Standing
    clock: Clock
    workers: Sequencing


def build_sequencer(
    folder: PartyFolder,
    *,
    clock: Clock | None = None,
    stopping: asyncio.Event | None = None,
    go_on: bool = False,
    store: str | None = None,
) -> Sequencer:
    """Build the sequencer of the hub in ``folder``. Its words are those of :func:`warifu_hub.app.construction.build_hub`.

    Raises: as that.
    """
    ground = Groundwork.of("hub", folder, clock or SystemClock())
    permissions, witnesses = PermissionTable.load(folder.path / TABLE_FILE), read_witnesses(folder.path)
    with ExitStack() as undo:
        kept = ToldStore(place_of(folder.path / "hub.sqlite3", store or ground.settings.store, schema="warifu_hub"))
        undo.callback(kept.close)
        versions = DirectoryVersions(folder, ground.root_pem, kept, ground.clock)
        check_fit(ground.settings, versions.current())
        check_table(permissions.digest, versions.current().permission_table_digest)
        keeping = Keeping(
            ground=ground,
            permissions=permissions,
            store=kept,
            versions=versions,
            witnesses=witnesses,
            go_on=go_on,
            stopping=stopping,
        )
        sequencer = _sequencer(keeping)
        kept.workers = sequencer.workers
        undo.pop_all()
        return sequencer


def _sequencer(keeping: Keeping) -> Sequencer:
    calls = CallsHere(
        [
            (add_LogServiceServicer_to_server, keeping.log_servicer),
            (add_DirectoryServiceServicer_to_server, keeping.directory_servicer),
            (add_SupervisionServiceServicer_to_server, keeping.supervision),
            (add_PartyServiceServicer_to_server, keeping.status),
        ]
    )
    workers = Sequencing(keeping.store, calls, partial(_state, keeping), keeping.lookout.serving_at)
    keeping.versions.on_held = workers.tell_state
    return Sequencer(
        folder=keeping.ground.folder.path,
        store=keeping.store,
        ledger=keeping.ledger,
        versions=keeping.versions,
        lookout=keeping.lookout,
        standing=keeping.standing,
        clock=keeping.ground.clock,
        workers=workers,
    )


def _state(keeping: Keeping) -> State:
    header, alarmed = keeping.versions.file.header, bool(keeping.ground.alarms.standing())
    return State(header=header.SerializeToString(deterministic=True), behind=_behind(keeping), alarmed=alarmed)


def _behind(keeping: Keeping) -> str | None:
    try:
        keeping.standing.check()
    except WarifuError as error:
        return error.where
    return None


async def run_sequencer(
    stop: asyncio.Event,
    path: Path,
    *,
    clock: Clock | None = None,
    go_on: bool = False,
    store: str | None = None,
    stand_by: bool = False,
) -> None:
    """Run the sequencer of the hub in ``path`` until ``stop`` is set. Its words are those of ``run_hub``.

    Raises: as ``run_hub``.
    """
    build = partial(build_sequencer, PartyFolder(path), clock=clock, stopping=stop, go_on=go_on, store=store)
    sequencer = await in_turn(build, stop) if stand_by else build()
    if sequencer is None:
        return
    keeping = await begin_keeping(sequencer)
    server = await listening(path, sequencer.workers.line)
    say_if_unproven("hub", sequencer.versions.current())
    announce_ready(party="hub", endpoint="")
    keeping.begin(stop)
    keeping.chores.begin("telling workers", partial(_tell, sequencer.workers))
    await stop.wait()
    server.close()
    (path / SOCKET_FILE).unlink(missing_ok=True)
    await sequencer.workers.close()
    await keeping.end()
    sequencer.store.close()
    keeping.check()


async def _tell(workers: Sequencing) -> None:
    """Have workers know soon what changed that nobody waits for."""
    while True:
        workers.tell_state()
        await asyncio.sleep(_TELL_SECONDS)
