"""The hub's own secrets, read from its folder and held against what the directory publishes.

Decides whether the hub may start with them: with other keys than the published ones it would sign permits that nobody
accepts and convert codes into nobody's. Shows no secret, not even in an error.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import Directory
from warifu.exchange.signature import SigningKey
from warifu.party.folder import PartyFolder
from warifu.tlog.note import Verifier
from warifu_hub.translate import HubKeys, Translator

__all__ = ["OwnKeys"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKeys:
    """What a hub signs and translates with. ``log_key`` is its log's Ed25519 seed, 32 bytes; ``verifier`` names it."""

    signing_key: SigningKey
    translator: Translator
    log_key: bytes = field(repr=False)
    verifier: Verifier

    @classmethod
    def load(cls, folder: PartyFolder, directory: Directory) -> OwnKeys:
        """The keys in a hub's folder. Raises: KEY_INVALID, naming the file that is missing or not the published key."""
        keys = cls(
            signing_key=SigningKey(folder.secret("signing.key")),
            translator=Translator(
                directory.group,
                HubKeys(
                    factor_key=folder.secret("factor.key"),
                    opening_key=folder.secret("opening.key"),
                    rerandomise_key=folder.secret("rerandomise.key"),
                ),
            ),
            log_key=folder.secret("log.key"),
            verifier=Verifier.parse(directory.log_verifier_key, where="directory.log_verifier_key"),
        )
        keys._check(directory)
        return keys

    def _check(self, directory: Directory) -> None:
        _must_be("signing.key", self.signing_key.verify_key, directory.hub_signing_key)
        _must_be("log.key", SigningKey(self.log_key).verify_key, self.verifier.public_key)
        for entry in directory.entries.values():
            points = self.translator.directory_points(entry.institution, entry.epoch, entry.agency_key)
            _must_be("factor.key", points.commitment, entry.factor_commitment)
            _must_be("opening.key", points.opening_key, entry.opening_key)


def _must_be(name: str, public: bytes, published: bytes) -> None:
    if public != published:
        raise WarifuError(Reason.KEY_INVALID, where=f"{name}: not the key in the directory")
