"""Following the hub: newer versions of the directory and newer revocation lists, taken while a party runs.

Decides when a version is taken: it follows the one held, link by link, everything in it verifies, and the party can work
with it; otherwise the one held goes on, and that is said. Which version is the newest, only the hub's word says; that
the hub tells everybody the same, its log shows. Must never take anything on the hub's word alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import grpc

from warifu.api.directory.v1 import directory_service_pb2 as directory_pb2
from warifu.api.directory.v1.directory_service_pb2 import DirectoryFile, DirectoryHeader
from warifu.api.directory.v1.directory_service_pb2_grpc import DirectoryServiceStub
from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.log.v1.log_service_pb2_grpc import LogServiceStub
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import Directory
from warifu.exchange.directory_header import check_follows, says_published, verify_header
from warifu.party.alarms import AlarmKind, Alarms, fault_text
from warifu.party.directory_file import DIRECTORY_FILE, write_directory_file
from warifu.party.folder import PartyFolder
from warifu.party.held import Held
from warifu.pki import RevocationFile
from warifu.rpc.channel import PeerChannel
from warifu.rpc.logging import error_fields, get_logger, raised_at
from warifu.rpc.status import CodeTable, parsed, translated, unconnected_as
from warifu.tlog.checkpoint import open_checkpoint
from warifu.tlog.note import Verifier
from warifu.tlog.verify import verify_entry

__all__ = ["DirectoryFollower", "RevocationFollower"]

_WITHOUT_REASON: CodeTable = {
    grpc.StatusCode.UNAVAILABLE: Reason.HUB_UNREACHABLE,
    grpc.StatusCode.CANCELLED: Reason.HUB_UNREACHABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: Reason.HUB_TIMED_OUT,
    grpc.StatusCode.INTERNAL: Reason.HUB_ANSWER_INVALID,
    grpc.StatusCode.UNKNOWN: Reason.HUB_ANSWER_INVALID,
}
_ABSENT = frozenset({Reason.HUB_UNREACHABLE, Reason.HUB_TIMED_OUT})
_REFUSED = AlarmKind.DIRECTORY_VERSION_REFUSED
_CALL_S = 5.0
_PAGE = 1_000
_RETRY_S = 0.2
_MOST_DOUBLED = 5
_MOST_ENTRIES = 100_000
"""Entries of a version that a party will hold before it has verified any: about ten times those of a whole country."""


class RevocationFollower:
    """Keeps a party's revocation list as new as the hub's; ``file`` is what the edge of the server follows."""

    def __init__(self, hub: PeerChannel, file: RevocationFile, *, party: str) -> None:
        self._hub = hub
        self._file = file
        self._party = party

    async def follow(self) -> None:
        """Take a newer list over, if the root signed it.

        A file that was spoilt or lost is restored first: a party without one does not start, and the hub's may be older.
        Raises: HUB_UNREACHABLE, HUB_TIMED_OUT, HUB_ANSWER_INVALID.
        """
        stub = self._hub.stub(DirectoryServiceStub)
        with unconnected_as(Reason.HUB_UNREACHABLE), translated(_WITHOUT_REASON):
            asked = stub.GetRevocationList(directory_pb2.GetRevocationListRequest(), timeout=_CALL_S)
            fetched: directory_pb2.GetRevocationListResponse = await parsed(asked, Reason.HUB_ANSWER_INVALID)
        try:
            self._file.restore()
            self._file.replace(fetched.revocation_list_pem)
        except WarifuError as error:  # whatever the hub sent, the list in force stays
            get_logger(self._party).warning("revocation_list_refused", **error_fields(error))
        except OSError as error:
            get_logger(self._party).warning("revocation_list_not_written", error=type(error).__name__)


class DirectoryFollower:
    """Keeps a party's version of the directory as new as the hub's."""

    def __init__(
        self,
        hub: PeerChannel,
        *,
        folder: PartyFolder,
        held: Held[Directory],
        party: str,
        make_ready: Callable[[Directory], Callable[[], None]],
        revocations: RevocationFollower,
        alarms: Alarms,
    ) -> None:
        """``make_ready`` gets what the party needs for a version (its keys), or refuses it.

        What it returns is called in the moment in which the version is put in force. A version that is refused is an
        alarm, until one is taken.
        """
        self._hub = hub
        self._folder = folder
        self._root_pem = folder.root_pem()
        self._held = held
        self._make_ready = make_ready
        self._revocations = revocations
        self._alarms = alarms
        self._log = get_logger(party)
        self._refreshing: asyncio.Task[bool] | None = None
        self._list_number = 0
        self._hub_was_behind = False
        self.caught_up = asyncio.Event()

    async def keep(self) -> None:
        """Take each newer version as soon as the hub tells of it; one not taken is asked for again. Until cancelled."""
        failures = 0
        while True:
            try:
                with unconnected_as(Reason.HUB_UNREACHABLE), translated(_WITHOUT_REASON):
                    stream = self._hub.stub(DirectoryServiceStub).FollowVersions(directory_pb2.FollowVersionsRequest())
                    async for told in stream:
                        await self._follow(told)
                        failures = 0
            except WarifuError as error:
                failures = min(failures + 1, _MOST_DOUBLED)
                self._log.info("directory_not_followed", **error_fields(error))
            except Exception as error:  # noqa: BLE001  # whatever it is, the hub is asked again
                failures = min(failures + 1, _MOST_DOUBLED)
                self._log.error("directory_not_followed", error=type(error).__name__, at=raised_at(error))
            await asyncio.sleep(_RETRY_S * 2**failures)

    async def refresh(self) -> bool:
        """Take the newest version now; true when it was newer than the one held. Calls at once share one asking."""
        if self._refreshing is None:
            self._refreshing = asyncio.create_task(self._refresh())
            self._refreshing.add_done_callback(self._refreshed)
        return await asyncio.shield(self._refreshing)

    def _refreshed(self, _: asyncio.Task[bool]) -> None:
        self._refreshing = None

    async def _refresh(self) -> bool:
        before = self._held.current().version
        try:
            with unconnected_as(Reason.HUB_UNREACHABLE), translated(_WITHOUT_REASON):
                await self._take_newest()
        except WarifuError as error:
            if error.reason in _ABSENT:
                self._log.info("directory_not_followed", **error_fields(error))
            else:
                self._alarms.begin(_REFUSED, fault_text(error, self._folder.path))
        except OSError as error:
            self._alarms.begin(_REFUSED, f"{DIRECTORY_FILE}: cannot be written ({type(error).__name__})")
        except Exception as error:  # noqa: BLE001  # whatever it is, the version held goes on
            self._log.error("directory_version_refused", error=type(error).__name__, at=raised_at(error))
        else:
            self._alarms.end(_REFUSED)
        return self._held.current().version > before

    async def _follow(self, told: directory_pb2.FollowVersionsResponse) -> None:
        """Take what is newer. Raises: HUB_ANSWER_INVALID when a version that was told of could not be taken.

        A hub that is behind what is held here is an alarm, until it is not any more.
        """
        held = self._held.current().version
        behind = told.directory_version < held
        if behind:
            self._log.warning("hub_has_older_directory", version=told.directory_version, held=held)
        if told.directory_version != held or self._hub_was_behind:
            await self.refresh()
        self._hub_was_behind = behind
        if told.revocation_list_number > self._list_number:
            await self._revocations.follow()
            self._list_number = told.revocation_list_number
        if self._held.current().version < told.directory_version:
            raise WarifuError(Reason.HUB_ANSWER_INVALID, where=f"version {told.directory_version} was not taken")
        self.caught_up.set()

    async def _take_newest(self) -> None:
        held = self._held.current()
        header = await self._newest_header(held)
        if header is None:
            return
        file = await self._with_entries(header)
        directory = await asyncio.to_thread(Directory.from_message, file, self._root_pem)
        put_in_force = self._make_ready(directory)
        write_directory_file(self._folder.path / DIRECTORY_FILE, file)
        put_in_force()
        self._held.hold(directory)
        self._log.info("directory_version_taken", version=directory.version)

    async def _newest_header(self, held: Directory) -> DirectoryHeader | None:
        """The header of the newest version, reached link by link from the one held; None when that is the newest.

        Raises: HUB_ANSWER_INVALID, also when the hub's is older than the one held; DIRECTORY_INVALID, LOG_INVALID.
        """
        before, newest = held.header, held.version + 1
        positions: list[tuple[DirectoryHeader, int]] = []
        while before.version < newest:
            request = directory_pb2.ListVersionsRequest(held_version=before.version)
            asked = self._hub.stub(DirectoryServiceStub).ListVersions(request, timeout=_CALL_S)
            response: directory_pb2.ListVersionsResponse = await parsed(asked, Reason.HUB_ANSWER_INVALID)
            newest = response.newest_version
            if len(response.headers) != len(response.positions):
                raise WarifuError(Reason.HUB_ANSWER_INVALID, where="positions")
            if not response.headers and newest > before.version:
                raise WarifuError(Reason.HUB_ANSWER_INVALID, where=f"headers: none after version {before.version}")
            for header, position in zip(response.headers, response.positions, strict=True):
                verify_header(header, self._root_pem)
                check_follows(before, header)
                positions.append((header, position))
                before = header
        if newest < held.version:
            why = f"the hub is behind, at version {newest} where {held.version} is held here: restored from an older state"
            raise WarifuError(Reason.HUB_ANSWER_INVALID, where="directory.header.version", debug=why)
        if before.version == held.version:
            return None
        await self._check_logged(before, positions)
        return before

    async def _check_logged(self, newest: DirectoryHeader, positions: Sequence[tuple[DirectoryHeader, int]]) -> None:
        """See that the log says these very versions were published: a hub that shows others would need two logs.

        The log is the one that ``newest`` names, whichever key it had in between. Raises: LOG_INVALID.
        """
        stub = self._hub.stub(LogServiceStub)
        asked = stub.GetCheckpoint(log_pb2.GetCheckpointRequest(), timeout=_CALL_S)
        noted: log_pb2.GetCheckpointResponse = await parsed(asked, Reason.HUB_ANSWER_INVALID)
        verifier = Verifier.parse(newest.log_verifier_key, where="directory.header.log_verifier_key")
        size = open_checkpoint(noted.signed_note, verifier).size
        for header, position in positions:
            request = log_pb2.GetInclusionProofRequest(position=position, tree_size=size)
            proof = stub.GetInclusionProof(request, timeout=_CALL_S)
            proved: log_pb2.GetInclusionProofResponse = await parsed(proof, Reason.HUB_ANSWER_INVALID)
            verify_entry(
                leaf=proved.leaf,
                index=position,
                proof=list(proved.hashes),
                signed_checkpoint=noted.signed_note,
                vkey=newest.log_verifier_key,
            )
            if not says_published(proved.leaf, header):
                raise WarifuError(Reason.LOG_INVALID, where=f"leaf {position}: not version {header.version} as shown")

    async def _with_entries(self, header: DirectoryHeader) -> DirectoryFile:
        file, token = DirectoryFile(header=header), ""
        while True:
            count = len(file.entries) + len(file.dated_entries)
            request = directory_pb2.ListEntriesRequest(version=header.version, page_size=_PAGE, page_token=token)
            asked = self._hub.stub(DirectoryServiceStub).ListEntries(request, timeout=_CALL_S)
            response: directory_pb2.ListEntriesResponse = await parsed(asked, Reason.HUB_ANSWER_INVALID)
            file.entries.extend(response.entries)
            file.dated_entries.extend(response.dated_entries)
            got = len(file.entries) + len(file.dated_entries)
            token = response.next_page_token
            if not token:
                return file
            if got == count or got > _MOST_ENTRIES:
                raise WarifuError(Reason.HUB_ANSWER_INVALID, where="directory.entries")
