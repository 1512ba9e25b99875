"""The witness's process: the supervisor's folder, the way to the hub, a beat.

Decides how often the witness looks, and that what it has cosigned is cosigned again when that is a minute old, so that whoever
demands a cosignature can tell a witness that is there from one that is gone. Whether it may cosign, ``cosigner`` decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import grpc

from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.log.v1.log_service_pb2_grpc import LogServiceStub
from warifu.clock import Clock, SystemClock
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import Directory
from warifu.exchange.log_views import LogViews
from warifu.exchange.signature import SigningKey
from warifu.party.chores import Chores
from warifu.party.claim import claim
from warifu.party.folder import PartyFolder
from warifu.party.following import DirectoryFollower, RevocationFollower
from warifu.party.groundwork import Groundwork
from warifu.party.held import Held
from warifu.party.process import announce_ready
from warifu.party.witness_file import WITNESS_KEY, witness_name
from warifu.pki import Identity, Role, write_public_file
from warifu.rpc.address import check_address
from warifu.rpc.channel import ChannelPool, PeerChannel
from warifu.rpc.logging import error_fields, get_logger
from warifu.rpc.status import CodeTable, parsed, translated, unconnected_as
from warifu.tlog.checkpoint import read_checkpoint_unverified
from warifu.tlog.cosignature import Witness
from warifu.tlog.views import Relation, relation
from warifu_services.witness.cosigner import Cosigned, Cosigner
from warifu_services.witness.seen_file import SeenFile

__all__ = ["EVIDENCE_FOLDER", "WitnessProcess", "build_witness", "cosign_once", "keep_views", "run_witness"]

EVIDENCE_FOLDER = "evidence"
_EVIDENCE_FILE = "log-views-witness.json"
_LOCK_FILE = "witness.lock"
_BEAT_S: Final = 3.0
_CALL_S: Final = 10.0
_AGAIN_S: Final = 60
_WITHOUT_REASON: CodeTable = {
    grpc.StatusCode.UNAVAILABLE: Reason.HUB_UNREACHABLE,
    grpc.StatusCode.CANCELLED: Reason.HUB_UNREACHABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: Reason.HUB_TIMED_OUT,
    grpc.StatusCode.INTERNAL: Reason.HUB_ANSWER_INVALID,
    grpc.StatusCode.UNKNOWN: Reason.HUB_ANSWER_INVALID,
}


@contextmanager
def _translated() -> Iterator[None]:
    with unconnected_as(Reason.HUB_UNREACHABLE), translated(_WITHOUT_REASON):
        yield


class _HubLog:
    """:class:`warifu_services.witness.cosigner.LogPort` over the channel to the hub."""

    def __init__(self, hub: PeerChannel) -> None:
        self._hub = hub

    @property
    def _stub(self) -> Any:
        return self._hub.stub(LogServiceStub)

    async def checkpoint(self) -> bytes:
        with _translated():
            asked = self._stub.GetCheckpoint(log_pb2.GetCheckpointRequest(), timeout=_CALL_S)
            told: log_pb2.GetCheckpointResponse = await parsed(asked, Reason.HUB_ANSWER_INVALID)
            return told.signed_note

    async def consistency(self, first: int, second: int) -> Sequence[bytes]:
        request = log_pb2.GetConsistencyProofRequest(first_size=first, second_size=second)
        with _translated():
            asked = self._stub.GetConsistencyProof(request, timeout=_CALL_S)
            told: log_pb2.GetConsistencyProofResponse = await parsed(asked, Reason.HUB_ANSWER_INVALID)
            return list(told.hashes)

    async def leaf(self, position: int, size: int) -> tuple[bytes, Sequence[bytes]]:
        request = log_pb2.GetInclusionProofRequest(position=position, tree_size=size)
        with _translated():
            asked = self._stub.GetInclusionProof(request, timeout=_CALL_S)
            told: log_pb2.GetInclusionProofResponse = await parsed(asked, Reason.HUB_ANSWER_INVALID)
            return told.leaf, list(told.hashes)

    async def add_cosignature(self, note: bytes) -> None:
        with _translated():
            asked = self._stub.AddCosignature(log_pb2.AddCosignatureRequest(cosigned_note=note), timeout=_CALL_S)
            await parsed(asked, Reason.HUB_ANSWER_INVALID)


@dataclass(slots=True, kw_only=True)
class WitnessProcess:
    """A witness that is built. ``log`` is the hub's."""

    cosigner: Cosigner
    log: _HubLog
    follower: DirectoryFollower
    chores: Chores
    channels: ChannelPool

    async def keep(self) -> None:
        """Cosign whatever is new, and what is a minute old again. Runs until cancelled."""
        said = ""
        while True:
            try:
                await self.cosigner.cosign_newest(self.log, again_after_s=_AGAIN_S)
                said = ""
            except WarifuError as error:
                if str(error) != said:
                    get_logger("witness").error("not_cosigned", **error_fields(error))
                said = str(error)
            await asyncio.sleep(_BEAT_S)

    async def close(self) -> None:
        """End everything."""
        await self.chores.end()
        await self.channels.close()


def build_witness(folder: PartyFolder, *, hub: str, clock: Clock | None = None, go_on: bool = False) -> WitnessProcess:
    """Build the witness that lives in the supervisor's ``folder`` and looks at the hub at ``hub``, inside its event loop.

    Raises:
        WarifuError: CONFIG_INVALID when the folder is not a supervisor's, or lacks what the witness must not forget;
            KEY_INVALID; DIRECTORY_INVALID; FILE_INVALID, naming the file.
    """
    check_address(hub, where=f"hub {hub}")
    ground, directory = Groundwork.of("witness", folder, clock or SystemClock()), Held(folder.directory())
    if ground.settings.role != Role.SUPERVISOR.value:
        raise WarifuError(Reason.CONFIG_INVALID, where="party.json: role is not supervisor")
    key, channels = folder.secret(WITNESS_KEY), ground.channels(())
    to_hub = channels.peer(_hub_identity(directory.current()), hub)
    name = witness_name(ground.settings.network, ground.settings.institution_code)
    cosigner = Cosigner(
        witness=Witness(name, SigningKey(key).verify_key),
        key=key,
        seen=SeenFile(folder.path),
        directory=directory,
        clock=ground.clock,
        keep_evidence=lambda views: keep_views(folder.path, views),
        told_to_go_on=go_on,
    )
    follower = DirectoryFollower(
        to_hub,
        folder=folder,
        held=directory,
        party="witness",
        make_ready=lambda _: lambda: None,
        revocations=RevocationFollower(to_hub, ground.revocations, party="witness"),
        alarms=ground.alarms,
    )
    chores = Chores("witness", ground.alarms)
    return WitnessProcess(cosigner=cosigner, log=_HubLog(to_hub), follower=follower, chores=chores, channels=channels)


async def run_witness(stop: asyncio.Event, path: Path, *, hub: str, go_on: bool = False) -> None:
    """Run the witness in ``path``, a supervisor's folder, until ``stop`` is set; says on standard output that it is up."""
    with _claimed(path):
        witness = build_witness(PartyFolder(path), hub=hub, go_on=go_on)
        try:
            witness.chores.begin("following the directory", witness.follower.keep)
            witness.chores.begin("cosigning", witness.keep)
            announce_ready(party="witness", endpoint="")
            await stop.wait()
        finally:
            await witness.close()


async def cosign_once(path: Path, *, hub: str, go_on: bool = False) -> Cosigned:
    """Cosign the newest checkpoint once. Raises: as :func:`build_witness` and ``Cosigner.cosign_newest``."""
    with _claimed(path):
        witness = build_witness(PartyFolder(path), hub=hub, go_on=go_on)
        try:
            await witness.follower.refresh()
            return await witness.cosigner.cosign_newest(witness.log)
        finally:
            await witness.close()


@contextmanager
def _claimed(path: Path) -> Iterator[None]:
    """One witness works with a folder: two could each keep what the other does not know. Raises: CONFIG_INVALID."""
    try:
        held = claim(path / _LOCK_FILE)
    except BlockingIOError:
        where = f"{path}: a witness runs here already"
        raise WarifuError(Reason.CONFIG_INVALID, where=where) from None
    except OSError as error:
        raise WarifuError(Reason.CONFIG_INVALID, where=f"{path}: {error.strerror}") from error
    with held:
        yield


def _hub_identity(directory: Directory) -> Identity:
    return Identity(network=directory.network, role=Role.HUB, institution=directory.hub)


def keep_views(path: Path, views: LogViews) -> None:
    """Keep what the hub showed. What convicts replaces what does not, and is replaced by nothing that does not."""
    kept = path / EVIDENCE_FOLDER / _EVIDENCE_FILE
    shown, told = read_checkpoint_unverified(views.shown), read_checkpoint_unverified(views.told)
    try:
        if relation(shown, told, views.proof) is Relation.TWO_LOGS or not kept.exists():
            kept.parent.mkdir(mode=0o700, exist_ok=True)
            write_public_file(kept, views.to_json())
    except OSError as error:
        get_logger("witness").error("evidence_not_kept", error=type(error).__name__)
