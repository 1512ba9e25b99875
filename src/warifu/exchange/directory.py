"""The key directory: which institutions are in the network, with which keys, proved and signed.

Decides whether an entry may be used: the agency and the hub both signed it, its points are valid, and the proof shows
that the joint key really is the hub's share of the agency's key (without that proof a hub could publish a key it opens
alone). Every party verifies each entry once, when it loads it. Holds public keys only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from google.protobuf import json_format

from warifu.api.directory.v1.directory_service_pb2 import DirectoryEntry as EntryMessage
from warifu.api.directory.v1.directory_service_pb2 import DirectoryFile
from warifu.canonical import digest
from warifu.curve.group import Group, Point
from warifu.curve.suites import group_of
from warifu.errors import Reason, WarifuError
from warifu.exchange.proofs import joint_key_context, verify_joint_key
from warifu.exchange.signature import SigningKey, verify_signature
from warifu.identifiers import InstitutionCode

__all__ = [
    "Directory",
    "DirectoryEntry",
    "countersign_entry",
    "read_directory_file",
    "sign_entry",
    "write_directory_file",
]

_ENTRY = b"warifu-v1/directory-entry"
_COUNTERSIGNED = b"warifu-v1/directory-entry-hub"
KEY_ID_SIZE = 8
SEALING_KEY_SIZE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryEntry:
    """One institution's verified keys for one epoch. Points and keys are 32 bytes, ``key_id`` is 8."""

    institution: InstitutionCode
    kind: str
    name: str
    epoch: int
    agency_key: Point
    opening_key: Point
    joint_key: Point
    factor_commitment: Point
    sealing_key: bytes
    signing_key: bytes
    key_id: bytes


def _stated(message: EntryMessage) -> tuple[bytes, ...]:
    return (
        message.institution_code.encode(),
        message.institution_kind.encode(),
        message.institution_name.encode(),
        message.suite.to_bytes(4, "big"),
        message.epoch.to_bytes(4, "big"),
        message.agency_key,
        message.opening_key,
        message.joint_key,
        message.factor_commitment,
        message.sealing_key,
        message.signing_key,
        message.joint_key_proof,
    )


def sign_entry(key: SigningKey, message: EntryMessage) -> None:
    """Fill in ``key_id`` and the agency's signature; everything before them is set."""
    message.key_id = digest(_ENTRY, *_stated(message))[:KEY_ID_SIZE]
    message.agency_signature = key.sign(_ENTRY, *_stated(message))


def countersign_entry(key: SigningKey, message: EntryMessage) -> None:
    """Fill in the hub's signature, over the entry and the agency's signature."""
    message.hub_signature = key.sign(_COUNTERSIGNED, *_stated(message), message.agency_signature)


def _verified(message: EntryMessage, group: Group, hub_signing_key: bytes, where: str) -> DirectoryEntry:
    institution = InstitutionCode.parse(message.institution_code, f"{where}.institution_code")
    where = f"{where}[{institution}]"
    if message.suite != group.suite:
        raise WarifuError(Reason.SUITE_UNKNOWN, where=f"{where}.suite")
    if message.epoch < 1 or message.key_id != digest(_ENTRY, *_stated(message))[:KEY_ID_SIZE]:
        raise WarifuError(Reason.DIRECTORY_INVALID, where=f"{where}.key_id")
    stated = _stated(message)
    verify_signature(message.signing_key, message.agency_signature, _ENTRY, *stated, where=f"{where}.agency_signature")
    verify_signature(
        hub_signing_key,
        message.hub_signature,
        _COUNTERSIGNED,
        *stated,
        message.agency_signature,
        where=f"{where}.hub_signature",
    )
    if len(message.sealing_key) != SEALING_KEY_SIZE:
        raise WarifuError(Reason.DIRECTORY_INVALID, where=f"{where}.sealing_key")
    _check_proof(message, group, joint_key_context(institution, message.epoch), where)
    return DirectoryEntry(
        institution=institution,
        kind=message.institution_kind,
        name=message.institution_name,
        epoch=message.epoch,
        agency_key=Point(message.agency_key),
        opening_key=Point(message.opening_key),
        joint_key=Point(message.joint_key),
        factor_commitment=group.decode(message.factor_commitment, where=f"{where}.factor_commitment"),
        sealing_key=message.sealing_key,
        signing_key=message.signing_key,
        key_id=message.key_id,
    )


def _check_proof(message: EntryMessage, group: Group, context: bytes, where: str) -> None:
    agency_key, opening_key, joint_key = (
        group.decode(getattr(message, name), where=f"{where}.{name}")
        for name in ("agency_key", "opening_key", "joint_key")
    )
    try:
        verify_joint_key(
            group,
            agency_key=agency_key,
            opening_key=opening_key,
            joint_key=joint_key,
            context=context,
            proof=message.joint_key_proof,
        )
    except WarifuError as error:
        raise WarifuError(error.reason, where=f"{where}.{error.where}", debug=error.debug) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """The verified directory of one network. ``log_verifier_key`` is a signed-note verifier key in text form."""

    network: str
    suite: int
    hub: InstitutionCode
    hub_signing_key: bytes
    authority: InstitutionCode
    authority_signing_key: bytes
    log_verifier_key: str
    entries: Mapping[InstitutionCode, DirectoryEntry]
    group: Group = field(init=False, repr=False, compare=False)
    """The group of the network's suite."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "group", group_of(self.suite))

    @classmethod
    def from_message(cls, message: DirectoryFile, *, where: str = "directory") -> Directory:
        """Verify every entry.

        Raises:
            WarifuError: DIRECTORY_INVALID, located at the entry and field that does not verify; CONFIG_INVALID when
                this machine lacks the library of the network's suite, which is no fault of the directory.
        """
        try:
            group = group_of(message.suite)
            entries = [
                _verified(entry, group, message.hub_signing_key, f"{where}.entries") for entry in message.entries
            ]
            hub = InstitutionCode.parse(message.hub_institution_code, f"{where}.hub_institution_code")
            authority = InstitutionCode.parse(message.authority_institution_code, f"{where}.authority_institution_code")
        except WarifuError as error:
            if error.reason is Reason.CONFIG_INVALID:
                raise
            raise WarifuError(Reason.DIRECTORY_INVALID, where=error.where, debug=error.reason.value) from error
        if len({entry.institution for entry in entries}) != len(entries):
            raise WarifuError(Reason.DIRECTORY_INVALID, where=f"{where}.entries", debug="an institution twice")
        return cls(
            network=message.network,
            suite=message.suite,
            hub=hub,
            hub_signing_key=message.hub_signing_key,
            authority=authority,
            authority_signing_key=message.authority_signing_key,
            log_verifier_key=message.log_verifier_key,
            entries={entry.institution: entry for entry in entries},
        )

    def entry(self, institution: InstitutionCode, *, where: str = "") -> DirectoryEntry:
        """The entry of one institution. Raises: INSTITUTION_UNKNOWN."""
        try:
            return self.entries[institution]
        except KeyError:
            raise WarifuError(Reason.INSTITUTION_UNKNOWN, where=where) from None

    def of_kind(self, kind: str) -> Iterator[DirectoryEntry]:
        """The entries of one kind of institution, ordered by institution code."""
        return (self.entries[code] for code in sorted(self.entries) if self.entries[code].kind == kind)


def read_directory_file(path: Path) -> DirectoryFile:
    """Read a directory as protobuf JSON. It is not verified yet; :meth:`Directory.from_message` does that.

    Raises:
        WarifuError: DIRECTORY_INVALID when the file is missing or not a directory.
    """
    try:
        return json_format.Parse(path.read_text("utf-8"), DirectoryFile())
    except (OSError, UnicodeDecodeError, json_format.ParseError, RecursionError) as error:
        raise WarifuError(Reason.DIRECTORY_INVALID, where=path.name, debug=type(error).__name__) from error


def write_directory_file(path: Path, message: DirectoryFile) -> None:
    """Write a directory as protobuf JSON, in place of what was there."""
    temporary = path.with_name(path.name + ".new")
    temporary.write_text(json_format.MessageToJson(message) + "\n", "utf-8")
    temporary.replace(path)
