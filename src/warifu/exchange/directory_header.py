"""The header of a version of the directory: what it says, who signed it, and which version it follows.

Decides whether a version may follow another: the network's root signed it, it names the digest of the one before, and
what never changes in a network (name, suite, hub and authority, permission table, proof policy) did not. So the versions
are a chain that nobody but the
network's operator can lengthen, and each version has exactly one past. It looks at no entry; their digest stands for
them. Must never hold a secret.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from warifu.api.directory.v1.directory_service_pb2 import DatedEntry as DatedEntryMessage
from warifu.api.directory.v1.directory_service_pb2 import DatedKey as DatedKeyMessage
from warifu.api.directory.v1.directory_service_pb2 import DirectoryEntry as EntryMessage
from warifu.api.directory.v1.directory_service_pb2 import DirectoryHeader
from warifu.api.log.v1.log_service_pb2 import LEAF_EVENT_DIRECTORY_PUBLISHED, ExchangeLeaf
from warifu.canonical import DIGEST_SIZE, digest
from warifu.errors import Reason, WarifuError
from warifu.exchange.proof_policy import ProofPolicy
from warifu.exchange.signature import VERIFY_KEY_SIZE
from warifu.pki import Root, verify_root_statement

__all__ = [
    "DatedKey",
    "check_follows",
    "dated_keys",
    "entries_digest",
    "header_digest",
    "says_published",
    "sign_header",
    "verify_header",
]

_HEADER = b"warifu-v1/directory-header"
_ENTRIES = b"warifu-v1/directory-entries"
_FORMER_KEYS = b"warifu-v1/directory-former-keys"
_NEVER_CHANGED = (
    "network",
    "suite",
    "hub_institution_code",
    "authority_institution_code",
    "permission_table_digest",
    "proof_policy",
)


@dataclass(frozen=True, slots=True)
class DatedKey:
    """An Ed25519 key (32 bytes) that was replaced, and until when (Unix milliseconds) a statement may bear it."""

    public_key: bytes
    accepted_until_ms: int


def entries_digest(entries: Iterable[EntryMessage], dated: Iterable[DatedEntryMessage]) -> bytes:
    """32 bytes that stand for the entries of a version, in their order, signatures included."""
    in_force = [part for entry in entries for part in (entry.key_id, entry.agency_signature, entry.hub_signature)]
    others = [
        part
        for each in dated
        for part in (
            each.entry.key_id,
            each.entry.agency_signature,
            each.entry.hub_signature,
            each.accepted_until_ms.to_bytes(8, "big"),
        )
    ]
    return digest(_ENTRIES, len(in_force).to_bytes(8, "big"), *in_force, *others)


def header_digest(header: DirectoryHeader) -> bytes:
    """32 bytes that stand for the version: what the next one names, and what the log says was published."""
    return digest(_HEADER, *_stated(header))


def sign_header(root: Root, header: DirectoryHeader) -> None:
    """Fill in the root's signature; everything before it is set."""
    header.root_signature = root.sign_statement(header_digest(header))


def verify_header(header: DirectoryHeader, root_pem: bytes, *, where: str = "directory.header") -> None:
    """Refuse a header that the network's root did not sign, or whose keys cannot be keys.

    Raises: SIGNATURE_INVALID, DIRECTORY_INVALID, at the field at fault.
    """
    if header.version < 1 or (header.version == 1) != (not header.previous_digest):
        raise WarifuError(Reason.DIRECTORY_INVALID, where=f"{where}.version")
    for name in ("hub_signing_key", "authority_signing_key"):
        if len(getattr(header, name)) != VERIFY_KEY_SIZE:
            raise WarifuError(Reason.DIRECTORY_INVALID, where=f"{where}.{name}")
    if len(header.permission_table_digest) != DIGEST_SIZE:
        raise WarifuError(Reason.DIRECTORY_INVALID, where=f"{where}.permission_table_digest")
    ProofPolicy.from_message(header.proof_policy, where=f"{where}.proof_policy")
    verify_root_statement(root_pem, header.root_signature, header_digest(header), where=f"{where}.root_signature")


def check_follows(previous: DirectoryHeader, header: DirectoryHeader, *, where: str = "directory.header") -> None:
    """Refuse a header that is not the version right after ``previous``, or changes what a network never changes.

    Both are verified already. Raises: DIRECTORY_INVALID, at the field at fault.
    """
    wanted = {"version": previous.version + 1, "previous_digest": header_digest(previous)}
    wanted |= {name: getattr(previous, name) for name in _NEVER_CHANGED}
    for name, value in wanted.items():
        if getattr(header, name) != value:
            raise WarifuError(Reason.DIRECTORY_INVALID, where=f"{where}.{name}")
    if header.made_ms < previous.made_ms:
        raise WarifuError(Reason.DIRECTORY_INVALID, where=f"{where}.made_ms")


def says_published(leaf: bytes, header: DirectoryHeader) -> bool:
    """Whether a leaf of the exchange log says that this very version was published."""
    try:
        told = ExchangeLeaf.FromString(leaf)
    except DecodeError:
        return False
    said = (told.event, told.directory_version, told.directory_digest)
    return said == (LEAF_EVENT_DIRECTORY_PUBLISHED, header.version, header_digest(header))


def dated_keys(messages: Iterable[DatedKeyMessage], where: str) -> tuple[DatedKey, ...]:
    """Keys that were replaced. Raises: DIRECTORY_INVALID."""
    found = tuple(DatedKey(each.public_key, each.accepted_until_ms) for each in messages)
    if any(len(each.public_key) != VERIFY_KEY_SIZE for each in found):
        raise WarifuError(Reason.DIRECTORY_INVALID, where=where)
    return found


def _stated(header: DirectoryHeader) -> tuple[bytes, ...]:
    if header.entries_digest and len(header.entries_digest) != DIGEST_SIZE:
        raise WarifuError(Reason.DIRECTORY_INVALID, where="directory.header.entries_digest")
    return (
        header.network.encode(),
        header.suite.to_bytes(4, "big"),
        header.version.to_bytes(4, "big"),
        header.previous_digest,
        header.made_ms.to_bytes(8, "big"),
        header.hub_institution_code.encode(),
        header.hub_signing_key,
        _keys(header.former_hub_signing_keys),
        header.authority_institution_code.encode(),
        header.authority_signing_key,
        _keys(header.former_authority_signing_keys),
        header.log_verifier_key.encode(),
        digest(_FORMER_KEYS, *(key.encode() for key in header.former_log_verifier_keys)),
        header.entries_digest,
        header.permission_table_digest,
        int(header.proof_policy.kind).to_bytes(4, "big", signed=True),
        header.proof_policy.one_in.to_bytes(4, "big"),
    )


def _keys(messages: Iterable[DatedKeyMessage]) -> bytes:
    return digest(_FORMER_KEYS, *(part for key in messages for part in _key_parts(key)))


def _key_parts(key: DatedKeyMessage) -> tuple[bytes, bytes]:
    return key.public_key, key.accepted_until_ms.to_bytes(8, "big")
