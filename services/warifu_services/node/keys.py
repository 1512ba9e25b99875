"""An agency node's secrets, and what it seals for its own database.

Decides which key file serves which purpose and that they are the ones the directory publishes: a node with keys of
another epoch, or of another agency, does not start. What is sealed at rest is bound to the place it belongs to, so that
values moved between rows do not open. Nothing here prints a key.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

from warifu.canonical import digest, length_prefixed
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import Directory
from warifu.exchange.directory_entry import DirectoryEntry
from warifu.exchange.inquiry import InquirerKeys, hedge_key_from
from warifu.exchange.provision import ProviderKeys
from warifu.exchange.seal import SealingKey, open_at_rest, seal_at_rest
from warifu.exchange.signature import SigningKey
from warifu.party.folder import PartyFolder

__all__ = ["AtRest", "KeysSource", "NodeKeys"]

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


class KeysSource(Protocol):
    """Whatever can say which keys the node uses now: :class:`NodeKeys` itself, or what follows the directory."""

    def current(self) -> NodeKeys:
        """The keys of the version in force. The same object until it is replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeKeys:
    """All secrets of one agency node."""

    own: DirectoryEntry
    inquirer: InquirerKeys
    provider: ProviderKeys
    at_rest: AtRest

    def current(self) -> NodeKeys:
        """These keys: held in memory, they are never replaced."""
        return self

    @classmethod
    def load(cls, folder: PartyFolder, directory: Directory) -> NodeKeys:
        """The keys in an agency's folder: of the entry in force, and of the others the directory has of it.

        Raises:
            WarifuError: KEY_INVALID, naming the file that is missing, malformed or not what the directory publishes;
                INSTITUTION_UNKNOWN when the directory does not have the agency.
        """
        own = directory.entry(folder.settings().institution_code, where="party.json: institution_code")
        loaded = {entry.epoch: _of_entry(folder, directory, entry) for entry in directory.entries_of(own.institution)}
        inquirer, provider = loaded.pop(own.epoch)
        before = [keys for keys, _ in loaded.values() if keys.own.epoch < own.epoch]
        return cls(
            own=own,
            inquirer=replace(inquirer, others={keys.own.code_epoch: keys for keys in before}),
            provider=replace(provider, others={epoch: keys for epoch, (_, keys) in loaded.items()}),
            at_rest=AtRest(folder.secret("storage.key")),
        )


def _of_entry(folder: PartyFolder, directory: Directory, entry: DirectoryEntry) -> tuple[InquirerKeys, ProviderKeys]:
    """The secrets behind one entry of the agency. Raises: KEY_INVALID."""
    group, epoch = directory.group, entry.epoch
    agency_secret = group.decode_scalar(folder.secret("agency.key", generation=epoch), where="agency.key")
    sealing_key = SealingKey.from_bytes(folder.secret("sealing.key", generation=epoch), where="sealing.key")
    signing_key = SigningKey(folder.secret("signing.key", generation=epoch))
    _must_be("agency.key", group.base_multiply(agency_secret), entry.agency_key)
    _must_be("sealing.key", sealing_key.public, entry.sealing_key)
    _must_be("signing.key", signing_key.verify_key, entry.signing_key)
    inquirer = InquirerKeys(own=entry, signing_key=signing_key, hedge_key=hedge_key_from(folder.secret("storage.key")))
    provider = ProviderKeys(
        own=entry,
        agency_secret=agency_secret,
        sealing_key=sealing_key,
        signing_key=signing_key,
        row_secret=folder.secret("row.key"),
    )
    return inquirer, provider


def _must_be(name: str, public: bytes, published: bytes) -> None:
    if public != published:
        raise WarifuError(Reason.KEY_INVALID, where=f"{name}: not the key in the directory")
