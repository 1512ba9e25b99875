"""The hub's own secrets, read from its folder and held against what the directory publishes.

Decides whether the hub may start with them: with other keys than the published ones it would sign permits that nobody
accepts and convert codes into nobody's. Shows no secret, not even in an error.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import Directory
from warifu.exchange.signature import SigningKey
from warifu.party.folder import PartyFolder
from warifu.tlog.note import Verifier
from warifu_hub.translate import HubKeys, Party, Translator

__all__ = ["KeysSource", "OwnKeys"]


class KeysSource(Protocol):
    """Whatever can say which keys the hub uses now: :class:`OwnKeys` itself, or what follows the newest version."""

    def current(self) -> OwnKeys:
        """The keys of the version in force. The same object until it is replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKeys:
    """What a hub signs and translates with. ``log_key`` is its log's Ed25519 seed, 32 bytes; ``verifier`` names it."""

    signing_key: SigningKey
    translator: Translator
    log_key: bytes = field(repr=False)
    verifier: Verifier

    @classmethod
    def load(cls, folder: PartyFolder, directory: Directory) -> OwnKeys:
        """The keys in a hub's folder that this version of the directory publishes.

        Raises: KEY_INVALID, naming the file that is missing or not the published key.
        """
        verifier = Verifier.parse(directory.log_verifier_key, where="directory.log_verifier_key")
        hub_keys = HubKeys(
            factor_key=folder.secret("factor.key"),
            opening_key=folder.secret("opening.key"),
            rerandomise_key=folder.secret("rerandomise.key"),
            later_opening_keys=_later_opening_keys(folder, directory),
        )
        keys = cls(
            signing_key=SigningKey(
                folder.published_secret("signing.key", lambda seed: _public(seed) == directory.hub_signing_key)
            ),
            translator=Translator(directory.group, hub_keys),
            log_key=folder.published_secret("log.key", lambda seed: _public(seed) == verifier.public_key),
            verifier=verifier,
        )
        keys._check(directory)
        return keys

    def current(self) -> OwnKeys:
        """These keys: held in memory, they are never replaced."""
        return self

    def _check(self, directory: Directory) -> None:
        base = directory.group.base_multiply
        for entry in (*directory.entries.values(), *(each.entry for each in directory.dated.values())):
            of = Party.of(entry)
            _must_be("factor.key", self.translator.commitment(of.institution, of.code_epoch), entry.factor_commitment)
            share = self.translator.opening_share(of.institution, of.opening_epoch)
            _must_be("opening.key", base(share), entry.opening_key)


def _public(seed: bytes) -> bytes:
    return SigningKey(seed).verify_key


def _later_opening_keys(folder: PartyFolder, directory: Directory) -> dict[int, bytes]:
    """The hub's opening keys after the first, those that an entry of the directory was made with."""
    entries = (*directory.entries.values(), *(each.entry for each in directory.dated.values()))
    epochs = {entry.opening_epoch for entry in entries} - {1}
    return {epoch: folder.secret(f"opening.{epoch}.key") for epoch in sorted(epochs)}


def _must_be(name: str, public: bytes, published: bytes) -> None:
    if public != published:
        raise WarifuError(Reason.KEY_INVALID, where=f"{name}: not the key in the directory")
