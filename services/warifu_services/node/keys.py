"""An agency node's secrets, and what it seals for its own database.

Decides which key file serves which purpose and that they are the ones the directory publishes: a node with keys of
another epoch, or of another agency, does not start. What is sealed at rest is bound to the place it belongs to, so that
values moved between rows do not open. Nothing here prints a key.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from warifu.canonical import digest, length_prefixed
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import Directory, DirectoryEntry
from warifu.exchange.inquiry import InquirerKeys, hedge_key_from
from warifu.exchange.provision import ProviderKeys
from warifu.exchange.seal import SealingKey, open_at_rest, seal_at_rest
from warifu.exchange.signature import SigningKey
from warifu.party.folder import PartyFolder

__all__ = ["AtRest", "NodeKeys"]

_CONTENT_LABEL = b"warifu-v1/inquiry-content"


@dataclass(frozen=True, slots=True)
class AtRest:
    """Seals values for the node's own database under its storage key, 32 bytes."""

    storage_key: bytes = field(repr=False)

    def seal(self, place: bytes, owner: bytes, plaintext: bytes) -> bytes:
        """``plaintext`` for the column ``place`` of the row ``owner``."""
        return seal_at_rest(self.storage_key, plaintext, length_prefixed(place, owner))

    def open(self, place: bytes, owner: bytes, sealed: bytes) -> bytes:
        """What :meth:`seal` sealed there. Raises: KEY_INVALID."""
        return open_at_rest(self.storage_key, sealed, length_prefixed(place, owner))

    def content_digest(self, *items: bytes) -> bytes:
        """32 bytes that tell the contents of inquiries apart and, without the key, nothing about them."""
        return digest(_CONTENT_LABEL, self.storage_key, *items)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeKeys:
    """All secrets of one agency node."""

    own: DirectoryEntry
    inquirer: InquirerKeys
    provider: ProviderKeys
    at_rest: AtRest

    @classmethod
    def load(cls, folder: PartyFolder, directory: Directory) -> NodeKeys:
        """The keys in an agency's folder.

        Raises:
            WarifuError: KEY_INVALID, naming the file that is missing, malformed or not what the directory publishes;
                INSTITUTION_UNKNOWN when the directory does not have the agency.
        """
        group = directory.group
        own = directory.entry(folder.settings().institution_code, where="party.json: institution_code")
        agency_secret = group.decode_scalar(folder.secret("agency.key"), where="agency.key")
        sealing_key = SealingKey.from_bytes(folder.secret("sealing.key"), where="sealing.key")
        signing_key = SigningKey(folder.secret("signing.key"))
        storage_key = folder.secret("storage.key")
        _must_be("agency.key", group.base_multiply(agency_secret), own.agency_key)
        _must_be("sealing.key", sealing_key.public, own.sealing_key)
        _must_be("signing.key", signing_key.verify_key, own.signing_key)
        return cls(
            own=own,
            inquirer=InquirerKeys(own=own, signing_key=signing_key, hedge_key=hedge_key_from(storage_key)),
            provider=ProviderKeys(
                own=own,
                agency_secret=agency_secret,
                sealing_key=sealing_key,
                signing_key=signing_key,
                row_secret=folder.secret("row.key"),
            ),
            at_rest=AtRest(storage_key),
        )


def _must_be(name: str, public: bytes, published: bytes) -> None:
    if public != published:
        raise WarifuError(Reason.KEY_INVALID, where=f"{name}: not the key in the directory")
