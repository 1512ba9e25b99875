"""One version of the key directory: which institutions are in the network, with which keys, proved and signed.

Decides which keys a message of an epoch is made under: those in force, or, for a context issued before they were
replaced, the former ones; so that nothing under way fails when keys change. Every party verifies each entry once, when
it takes a version. Holds public keys only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from warifu.api.directory.v1.directory_service_pb2 import DirectoryFile, DirectoryHeader
from warifu.curve.group import Group
from warifu.curve.suites import group_of
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory_entry import DirectoryEntry, verify_entry
from warifu.exchange.directory_header import DatedKey, dated_keys, entries_digest, verify_header
from warifu.exchange.proof_policy import ALWAYS_PROVEN, ProofPolicy
from warifu.identifiers import InstitutionCode

__all__ = ["DatedEntry", "Directory", "DirectorySource", "EntryKey"]

EntryKey = tuple[InstitutionCode, int]
"""An institution and the epoch of one of its entries."""


@dataclass(frozen=True, slots=True)
class DatedEntry:
    """An entry that is not in force: until ``accepted_until_ms`` (Unix milliseconds) it was; 0 if it will be."""

    entry: DirectoryEntry
    accepted_until_ms: int


class DirectorySource(Protocol):
    """Whatever can say which version to use now: a :class:`Directory` itself, or what follows the newest one."""

    def current(self) -> Directory:
        """The version in force. The same object until it is replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """One verified version of a network's directory. ``log_verifier_key`` is a signed-note verifier key in text form.

    ``entries`` are in force; ``dated`` were, or are announced. ``permission_table_digest`` (32 bytes) stands for the
    table by which the hub permits and every agency answers; ``proof_policy`` says which conversions are proven.
    """

    network: str
    suite: int
    hub: InstitutionCode
    hub_signing_key: bytes
    authority: InstitutionCode
    authority_signing_key: bytes
    log_verifier_key: str
    entries: Mapping[InstitutionCode, DirectoryEntry]
    dated: Mapping[EntryKey, DatedEntry] = field(default_factory=dict)
    former_hub_signing_keys: tuple[DatedKey, ...] = ()
    former_authority_signing_keys: tuple[DatedKey, ...] = ()
    former_log_verifier_keys: tuple[str, ...] = ()
    permission_table_digest: bytes = b""
    proof_policy: ProofPolicy = ALWAYS_PROVEN
    version: int = 1
    header: DirectoryHeader = field(default_factory=DirectoryHeader, repr=False, compare=False)
    group: Group = field(init=False, repr=False, compare=False)
    """The group of the network's suite."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "group", group_of(self.suite))

    @classmethod
    def from_message(cls, message: DirectoryFile, root_pem: bytes, *, where: str = "directory") -> Directory:
        """Verify the header, every entry, and that they belong together. ``root_pem`` is the network's root.

        Raises:
            WarifuError: DIRECTORY_INVALID, located at the entry and field that does not verify; CONFIG_INVALID when
                this machine lacks the library of the network's suite, which is no fault of the directory.
        """
        try:
            return cls._verified(message, root_pem, where)
        except WarifuError as error:
            if error.reason is Reason.CONFIG_INVALID:
                raise
            raise WarifuError(Reason.DIRECTORY_INVALID, where=error.where, debug=error.reason.value) from error

    @classmethod
    def _verified(cls, message: DirectoryFile, root_pem: bytes, where: str) -> Directory:
        header = message.header
        group = group_of(header.suite)
        verify_header(header, root_pem, where=f"{where}.header")
        entries = [verify_entry(entry, group, header.hub_signing_key, f"{where}.entries") for entry in message.entries]
        dated = [
            DatedEntry(
                verify_entry(each.entry, group, header.hub_signing_key, f"{where}.dated_entries"),
                each.accepted_until_ms,
            )
            for each in message.dated_entries
        ]
        if entries_digest(message.entries, message.dated_entries) != header.entries_digest:
            raise WarifuError(Reason.DIRECTORY_INVALID, where=f"{where}.header.entries_digest")
        return cls(
            header=header,
            network=header.network,
            suite=header.suite,
            version=header.version,
            hub=InstitutionCode.parse(header.hub_institution_code, f"{where}.header.hub_institution_code"),
            hub_signing_key=header.hub_signing_key,
            former_hub_signing_keys=dated_keys(header.former_hub_signing_keys, f"{where}.former_hub_signing_keys"),
            authority=InstitutionCode.parse(
                header.authority_institution_code, f"{where}.header.authority_institution_code"
            ),
            authority_signing_key=header.authority_signing_key,
            former_authority_signing_keys=dated_keys(
                header.former_authority_signing_keys, f"{where}.former_authority_signing_keys"
            ),
            log_verifier_key=header.log_verifier_key,
            former_log_verifier_keys=tuple(header.former_log_verifier_keys),
            permission_table_digest=header.permission_table_digest,
            proof_policy=ProofPolicy.from_message(header.proof_policy, where=f"{where}.header.proof_policy"),
            entries=_once(entries, where),
            dated=_beside(entries, dated, where),
        )

    def current(self) -> Directory:
        """This version: held in memory, it is never replaced."""
        return self

    def entry(self, institution: InstitutionCode, *, where: str = "") -> DirectoryEntry:
        """The entry of one institution that is in force. Raises: INSTITUTION_UNKNOWN."""
        try:
            return self.entries[institution]
        except KeyError:
            raise WarifuError(Reason.INSTITUTION_UNKNOWN, where=where) from None

    def entry_for(
        self, institution: InstitutionCode, epoch: int, issued_ms: int, *, where: str = "", epoch_where: str = ""
    ) -> DirectoryEntry:
        """The entry that a context issued at ``issued_ms`` (Unix milliseconds) may name by its epoch.

        That is the one in force, or a former one for a context issued before its time was over: what was begun under
        keys that have been replaced since goes to its end, however late. Raises: INSTITUTION_UNKNOWN, at ``where``;
        EPOCH_STALE, at ``epoch_where``.
        """
        entry = self.entry(institution, where=where)
        if entry.epoch == epoch:
            return entry
        former = self.dated.get((institution, epoch))
        if former is None or issued_ms > former.accepted_until_ms:
            debug = f"epoch {epoch}; version {self.version} of the directory has {entry.epoch}"
            raise WarifuError(Reason.EPOCH_STALE, where=epoch_where, debug=debug)
        return former.entry

    def announced(self, institution: InstitutionCode) -> DirectoryEntry | None:
        """The entry that will be in force next, where one is announced: codes are made ready for it."""
        epoch = self.entry(institution).epoch + 1
        coming = self.dated.get((institution, epoch))
        return coming.entry if coming is not None else None

    def entries_of(self, institution: InstitutionCode) -> list[DirectoryEntry]:
        """Every entry of one institution, former ones and an announced one included, by epoch."""
        beside = [each.entry for (code, _), each in self.dated.items() if code == institution]
        return sorted([self.entry(institution), *beside], key=lambda entry: entry.epoch)

    def of_kind(self, kind: str) -> Iterator[DirectoryEntry]:
        """The entries of one kind of institution, ordered by institution code."""
        return (self.entries[code] for code in sorted(self.entries) if self.entries[code].kind == kind)

    def check_hub(self, made_ms: int, check: Callable[[bytes], None]) -> None:
        """``check`` a statement of the hub made at ``made_ms`` under each key it may be signed with, newest first.

        Raises: what ``check`` raises under the key in force, when none verifies.
        """
        _check_under(self.hub_signing_key, self.former_hub_signing_keys, made_ms, check)

    def check_authority(self, made_ms: int, check: Callable[[bytes], None]) -> None:
        """As :meth:`check_hub`, for a statement of the numbering authority."""
        _check_under(self.authority_signing_key, self.former_authority_signing_keys, made_ms, check)


def _check_under(key: bytes, former: tuple[DatedKey, ...], made_ms: int, check: Callable[[bytes], None]) -> None:
    try:
        check(key)
    except WarifuError:
        for each in former:
            if made_ms <= each.accepted_until_ms and _passes(check, each.public_key):
                return
        raise


def _passes(check: Callable[[bytes], None], key: bytes) -> bool:
    try:
        check(key)
    except WarifuError:
        return False
    return True


def _once(entries: Iterable[DirectoryEntry], where: str) -> dict[InstitutionCode, DirectoryEntry]:
    by_institution: dict[InstitutionCode, DirectoryEntry] = {}
    for entry in entries:
        if entry.institution in by_institution:
            raise WarifuError(Reason.DIRECTORY_INVALID, where=f"{where}.entries", debug="an institution twice")
        by_institution[entry.institution] = entry
    return by_institution


def _beside(entries: Iterable[DirectoryEntry], dated: Iterable[DatedEntry], where: str) -> dict[EntryKey, DatedEntry]:
    """The dated entries, each former one below the epoch in force and an announced one right above it."""
    in_force = {entry.institution: entry.epoch for entry in entries}
    beside: dict[EntryKey, DatedEntry] = {}
    for each in dated:
        key, epoch = (each.entry.institution, each.entry.epoch), in_force.get(each.entry.institution)
        fits = epoch is not None and (
            each.entry.epoch < epoch if each.accepted_until_ms else each.entry.epoch == epoch + 1
        )
        if not fits or key in beside:
            raise WarifuError(Reason.DIRECTORY_INVALID, where=f"{where}.dated_entries", debug="epoch")
        beside[key] = each
    return beside
