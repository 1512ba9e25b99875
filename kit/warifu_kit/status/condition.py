"""What a network's answers and files mean: which party is up, what is amiss, what ends soon, and what to do about it.

Decides what is worth a warning. Takes what was answered and read, and returns values: it asks nobody, opens no file, and
knows no clock but the time it is handed.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from warifu.api.party.v1 import party_service_pb2 as party_pb2
from warifu.errors import WarifuError
from warifu.exchange.proof_policy import OFF_WARNING, PolicyKind, ProofPolicy
from warifu.party.alarms import AlarmKind
from warifu.party.lookout import LEAST_FREE_BYTES
from warifu.party.network_file import NetworkFile, PartyEntry
from warifu.party.served import SERVED_FILE
from warifu.pki.validity import CERTIFICATE_WARNING, LIST_WARNING, ROOT_WARNING
from warifu_kit.network.order import IN_EXCHANGE
from warifu_kit.network.run_file import Ends
from warifu_kit.status.asking import Answer
from warifu_kit.status.on_disk import FilesOfParty

__all__ = ["CertificateEnd", "NetworkCondition", "PartyCondition", "Warned", "judge"]

_NEXT: Final[Mapping[AlarmKind, str]] = {
    AlarmKind.CREDENTIAL_REFUSED: "warifu certificate renew {dir} {party}",
    AlarmKind.REVOCATION_LIST_REFUSED: "copy revoked.pem from another party's folder into {dir}/{party}",
    AlarmKind.DIRECTORY_REFUSED: "copy directory.json from another party's folder into {dir}/{party}",
    AlarmKind.DIRECTORY_VERSION_REFUSED: "see {dir}/{party}/party.log: it lacks a key, or what the hub offers "
    "does not fit; where the hub is the one behind, restore it from a newer backup",
    AlarmKind.LISTENER_MOVED: "tell its callers the new endpoint; or free the old one, and stop and start the network",
    AlarmKind.STARTED_EMPTY: "restore its folder from a backup; or, to go on without: rm {dir}/{party}/" + SERVED_FILE,
    AlarmKind.CERTIFICATE_ENDS_SOON: "warifu certificate renew {dir} {party}",
    AlarmKind.REVOCATION_LIST_ENDS_SOON: "stop and start the network: warifu up {dir} signs a new list",
    AlarmKind.DISK_LOW: "free some space where {dir}/{party} is",
    AlarmKind.HUB_NOT_IN_CONTACT: "see whether the hub is up, and {dir}/{party}/party.log",
    AlarmKind.CHECKPOINT_NOT_PUBLISHED: "see {dir}/{party}/party.log, and whether the disk is full",
    AlarmKind.ROOT_ENDS_SOON: "make a new network before then: a root is never renewed",
    AlarmKind.LOG_BEHIND: "restore the hub from a newer backup; or, to go on without what was lost: warifu up {dir} --go-on hub",
    AlarmKind.RECORDS_BEHIND: "restore it from a newer backup; or, to go on without: warifu up {dir} --go-on {party}",
    AlarmKind.CONVERSION_NOT_PROVEN: "the hub did not follow the rules: give {dir}/{party}/evidence to whoever supervises it, "
    "and see warifu audit evidence; then move the files away",
    AlarmKind.CHORE_FELL_OVER: "see chore_fell_over in {dir}/{party}/party.log; it goes on, but tell whoever made it",
    AlarmKind.PERMISSION_TABLE_REFUSED: "put permissions.yaml from another party's folder into {dir}/{party}",
    AlarmKind.PERMIT_FORBIDDEN: "see {dir}/{party}/party.log; have the hub's log audited: warifu audit permissions --help",
    AlarmKind.EXCHANGE_NOT_IN_LOG: "see {dir}/{party}/party.log; what the hub signed is kept in {dir}/{party}/node.sqlite3",
    AlarmKind.PERMIT_HELD_BACK: "see {dir}/{party}/party.log, and whether the hub's and the node's clocks are right",
    AlarmKind.CHECKPOINT_STANDS_STILL: "see {dir}/{party}/party.log; ask others which checkpoint they see",
    AlarmKind.LOG_VIEWS_DIFFER: "give {dir}/{party}/evidence to whoever supervises the hub, and see warifu audit evidence; "
    "then move the files away",
    AlarmKind.DIRECTORY_VIEWS_DIFFER: "see {dir}/{party}/party.log, and which version of the directory that member has",
    AlarmKind.CODES_ACQUIRED_FAST: "see whether that agency takes up so many people; raise codes_a_day in {dir}/{party}/party.json "
    "if so",
    AlarmKind.NUMBERS_MISSED: "ask that agency where it has those numbers from",
    AlarmKind.ADAPTER_NOT_IN_CONTACT: "see to the business system that {dir}/{party}/party.json names, or --adapter did; then "
    "{dir}/{party}/party.log",
    AlarmKind.DATABASE_REPLACED: "stop the party, put its database back, and start it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateEnd:
    """One certificate of a party: whose ("own", "business" or "root"), and the last moment at which it is good."""

    use: str
    serial: int
    not_after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyCondition:
    """One party. ``reply`` is what it said of itself; ``silence`` is why it said nothing, "" when it did or is no process.

    Certificates are those in use where the party said so, else those in its files. ``free_bytes`` likewise. ``spread_s`` and
    ``ends`` are as in :class:`FilesOfParty`.
    """

    party: str
    about: PartyEntry
    reply: party_pb2.GetStatusResponse | None
    silence: str
    certificates: tuple[CertificateEnd, ...]
    free_bytes: int | None
    spread_s: float = 0.0
    ends: Ends | None = None

    @property
    def is_process(self) -> bool:
        """False for the supervisor, who only calls."""
        return self.about.role != "supervisor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """Something amiss or ending soon: at which party ("" for the whole network), what, since when, and what to do."""

    party: str
    kind: str
    text: str
    next_step: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkCondition:
    """A whole network. ``list_number`` and ``list_until`` are of the newest revocation list anybody holds."""

    folder: Path
    described: NetworkFile
    looked_at: datetime
    parties: tuple[PartyCondition, ...]
    list_number: int | None
    list_until: datetime | None
    warnings: tuple[Warned, ...]

    @property
    def up(self) -> int:
        """How many parties answered."""
        return sum(each.reply is not None for each in self.parties)

    @property
    def processes(self) -> int:
        """How many parties are processes."""
        return sum(each.is_process for each in self.parties)

    @property
    def checkpoint(self) -> party_pb2.CheckpointStatus | None:
        """The newest published checkpoint, if the hub answered and has one."""
        told = (each.reply for each in self.parties if each.reply is not None and each.reply.HasField("checkpoint"))
        found = next(told, None)
        return found.checkpoint if found is not None else None


def judge(
    folder: Path,
    described: NetworkFile,
    *,
    answers: Mapping[str, Answer],
    files: Mapping[str, FilesOfParty],
    now: datetime,
) -> NetworkCondition:
    """What ``answers`` (of the parties that are processes) and ``files`` (of all) say at the time ``now``."""
    parties = tuple(
        _condition(party, about, answers.get(party), files[party]) for party, about in described.parties.items()
    )
    lists = [held.revocation_list for held in files.values() if held.revocation_list is not None]
    newest = max(lists, key=lambda held: held.number, default=None)
    warnings = [
        *_policy(described),
        *_silences(folder, parties),
        *_alarms(folder, parties),
        *_file_faults(folder, parties, files),
    ]
    warnings += [
        *_witnesses(folder, parties, files),
        *_rotations(folder, parties, files),
        *_endings(folder, parties, now),
        *_differences(parties),
    ]
    if newest is not None and now >= newest.good_until - LIST_WARNING and not _has(warnings, _LIST_ENDS):
        text = f"the revocation list is good until {newest.good_until:%Y-%m-%d %H:%M} UTC"
        warnings.append(Warned(party="", kind=_LIST_ENDS.value, text=text, next_step=_next(_LIST_ENDS, folder, "")))
    return NetworkCondition(
        folder=folder,
        described=described,
        looked_at=now,
        parties=parties,
        list_number=newest.number if newest else None,
        list_until=newest.good_until if newest else None,
        warnings=tuple(warnings),
    )


def _policy(described: NetworkFile) -> Iterator[Warned]:
    """That nothing is proven, for as long as the network is there."""
    if ProofPolicy.parse(described.proofs).kind is PolicyKind.OFF:
        remedy = "make a new network: warifu new --proofs always; a network never changes what it proves"
        yield Warned(party="", kind="PROOFS_OFF", text=OFF_WARNING, next_step=remedy)


_NOBODY: Final = "no party answers: the network is not up, or network.json does not say where its parties listen"
_LIST_ENDS: Final = AlarmKind.REVOCATION_LIST_ENDS_SOON
_CERTIFICATE_ENDS: Final = AlarmKind.CERTIFICATE_ENDS_SOON


def _has(warnings: list[Warned], kind: AlarmKind) -> bool:
    return any(each.kind == kind.value for each in warnings)


def _condition(party: str, about: PartyEntry, answer: Answer | None, files: FilesOfParty) -> PartyCondition:
    ends = {
        use: CertificateEnd(use=use, serial=held.serial, not_after=held.not_after)
        for use, held in files.certificates.items()
    }
    reply, silence, free = None, "", files.free_bytes
    if isinstance(answer, WarifuError):
        silence = str(answer)
    elif answer is not None:
        reply, free = answer, answer.free_disk_bytes
        ends |= {
            told.use: CertificateEnd(use=told.use, serial=int(told.serial, 16), not_after=_moment(told.not_after))
            for told in answer.certificates
        }
    return PartyCondition(
        party=party,
        about=about,
        reply=reply,
        silence=silence,
        certificates=tuple(ends.values()),
        free_bytes=free,
        spread_s=files.spread_s,
        ends=files.ends,
    )


def _silences(folder: Path, parties: tuple[PartyCondition, ...]) -> Iterator[Warned]:
    """That a party did not answer; said once when none did."""
    silent = [each for each in parties if each.is_process and each.reply is None]
    up = f"warifu up {shlex.quote(str(folder))}"
    if len(silent) == sum(each.is_process for each in parties):
        yield Warned(party="", kind="NETWORK_DOWN", text=_NOBODY, next_step=up)
        return
    for each in silent:
        log = shlex.quote(str(folder / each.party / "party.log"))
        yield Warned(
            party=each.party,
            kind="NO_ANSWER",
            text=each.silence,
            next_step=f"see {log}; while `{up}` runs, it starts again a party that ended",
        )


def _alarms(folder: Path, parties: tuple[PartyCondition, ...]) -> Iterator[Warned]:
    for each in parties:
        for alarm in each.reply.alarms if each.reply is not None else ():
            if alarm.kind == party_pb2.ALARM_KIND_ROOT_ENDS_SOON:
                continue  # all have the same root: it is said once
            known = alarm.kind in party_pb2.AlarmKind.values()
            kind = party_pb2.AlarmKind.Name(alarm.kind).removeprefix("ALARM_KIND_") if known else str(alarm.kind)
            known = kind in AlarmKind.__members__
            yield Warned(
                party=each.party,
                kind=kind,
                text=alarm.where,
                next_step=_next(AlarmKind[kind], folder, each.party) if known else "this party runs a newer release",
                since=_moment(alarm.since),
            )


def _next(kind: AlarmKind, folder: Path, party: str) -> str:
    return _NEXT[kind].format(dir=shlex.quote(str(folder)), party=party)


def _file_faults(
    folder: Path, parties: tuple[PartyCondition, ...], files: Mapping[str, FilesOfParty]
) -> Iterator[Warned]:
    """What cannot be read of a party that does not say so itself: it may run on another host, with files of its own."""
    for each in parties:
        for fault in files[each.party].faults if each.reply is None else ():
            step = f"warifu certificate renew {shlex.quote(str(folder))} {each.party}; or restore the file"
            yield Warned(party=each.party, kind="FILE_INVALID", text=fault, next_step=step)


def _witnesses(
    folder: Path, parties: tuple[PartyCondition, ...], files: Mapping[str, FilesOfParty]
) -> Iterator[Warned]:
    """What a supervisor's witness, which nobody can ask, has kept of a log that does not extend what it cosigned."""
    for each in parties:
        if files[each.party].log_views:
            text, kind = "evidence: the hub's log does not extend what its witness cosigned", AlarmKind.LOG_VIEWS_DIFFER
            yield Warned(party=each.party, kind=kind.value, text=text, next_step=_next(kind, folder, each.party))


def _rotations(
    folder: Path, parties: tuple[PartyCondition, ...], files: Mapping[str, FilesOfParty]
) -> Iterator[Warned]:
    """Codes that are being rotated, or were when somebody stopped: until that is ended, no key of the network changes."""
    for each in parties:
        if files[each.party].codes_announced:
            left = each.reply.counts.code_behind_count if each.reply is not None else None
            text = "its codes are being rotated" + (f": {left:,} left" if left is not None else "")
            step = f"unless it is under way: warifu keys rotate {shlex.quote(str(folder))} {each.party} --codes"
            yield Warned(party=each.party, kind="CODES_ANNOUNCED", text=text, next_step=step)


def _endings(folder: Path, parties: tuple[PartyCondition, ...], now: datetime) -> Iterator[Warned]:
    """What ends soon by the files, or by a party that does not say so itself. The root, which all share, is said once."""
    roots = {end.not_after for each in parties for end in each.certificates if end.use == "root"}
    if roots and now >= min(roots) - ROOT_WARNING:
        text = f"the root's certificate ends {min(roots):%Y-%m-%d %H:%M} UTC"
        kind = AlarmKind.ROOT_ENDS_SOON
        yield Warned(party="", kind=kind.value, text=text, next_step=_next(kind, folder, ""))
    for each in parties:
        told = each.reply is not None and any(
            alarm.kind == party_pb2.ALARM_KIND_CERTIFICATE_ENDS_SOON for alarm in each.reply.alarms
        )
        for end in each.certificates:
            if end.use == "root" or (told and end.use == "own") or now < end.not_after - CERTIFICATE_WARNING:
                continue
            text = f"its {end.use} certificate ends {end.not_after:%Y-%m-%d %H:%M} UTC"
            step = _next(_CERTIFICATE_ENDS, folder, each.party)
            yield Warned(party=each.party, kind=_CERTIFICATE_ENDS.value, text=text, next_step=step)


def _differences(parties: tuple[PartyCondition, ...]) -> Iterator[Warned]:
    """Parties that go by another directory than the hub, or run another release; and a disk that the files say is low."""
    replies = {each.party: each.reply for each in parties if each.reply is not None}
    by_directory = {each.party for each in parties if each.about.role in IN_EXCHANGE}
    hub = replies.get("hub")
    for party, reply in replies.items():
        if hub is not None and party in by_directory and reply.directory_version != hub.directory_version:
            text = f"goes by directory version {reply.directory_version}, the hub by {hub.directory_version}"
            yield Warned(party=party, kind="DIRECTORY_BEHIND", text=text, next_step=f"see {party}/party.log")
        if hub is not None and reply.release != hub.release:
            text = f"runs warifu {reply.release}, the hub {hub.release}"
            yield Warned(party=party, kind="RELEASE_DIFFERS", text=text, next_step="run the same release everywhere")
    down = [each for each in parties if each.reply is None and each.free_bytes is not None]
    if down and not replies and min(each.free_bytes or 0 for each in down) < LEAST_FREE_BYTES:
        text = f"less than {LEAST_FREE_BYTES // 2**20} MiB are free"
        yield Warned(party="", kind=AlarmKind.DISK_LOW.value, text=text, next_step="free some space")


def _moment(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(UTC)
