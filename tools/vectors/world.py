"""The secrets of one small network per suite, from which the files of codes, exchanges and directories are made.

Two agencies, each with an entry of the directory: childcare asks, tax answers. What each file tells of it is decided there.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from vectors.contexts import AUTHORITY, CHILDCARE, HUB, TAX
from vectors.drawn import Drawn
from vectors.hpke import public_of
from warifu.api.directory.v1.directory_service_pb2 import DirectoryEntry
from warifu.curve.group import ORDER, Group, Point, Scalar
from warifu.exchange.codes import EncryptedCode
from warifu.exchange.directory_entry import countersign_entry, sign_entry
from warifu.exchange.proofs import joint_key_context
from warifu.exchange.signature import SigningKey
from warifu.identifiers import InstitutionCode
from warifu_hub.translate import DirectoryPoints, HubKeys, Party, Translator

__all__ = ["AUTHORITY", "CHILDCARE", "HUB", "TAX", "Agency", "World", "hexed", "hexed_fields", "nonce_of"]


def hexed_fields(fields: dict[str, Any]) -> dict[str, Any]:
    """``fields`` with bytes, points and scalars in hexadecimal, all through."""
    return {name: hexed(each) for name, each in fields.items()}


def hexed(value: Any) -> Any:
    """The same of any value."""
    if isinstance(value, Scalar):
        return value.value.hex()
    if isinstance(value, EncryptedCode):
        return {"c1": value.c1.hex(), "c2": value.c2.hex()}
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return hexed_fields(value)
    return [hexed(each) for each in value] if isinstance(value, list | tuple) else value


def nonce_of(proof: bytes, place: int, secret: Scalar) -> bytes:
    """The nonce behind the scalar at ``place`` of a proof whose first scalar is the challenge."""
    challenge, response = (int.from_bytes(proof[32 * at : 32 * at + 32], "little") for at in (0, place))
    return ((response - challenge * int.from_bytes(secret.value, "little")) % ORDER).to_bytes(32, "little")


class Agency(NamedTuple):
    """One agency's keys of one epoch, and what the hub publishes of it."""

    party: Party
    epoch: int
    secret: Scalar
    key: Point
    published: DirectoryPoints
    entry: DirectoryEntry


class World:
    """Hub, authority, and two agencies."""

    def __init__(self, group: Group) -> None:
        self.group, self.drawn = group, Drawn(f"world of suite {group.suite}")
        drawn = self.drawn
        first = HubKeys.generate(drawn)
        self.hub_keys = HubKeys(
            factor_key=first.factor_key,
            opening_key=first.opening_key,
            rerandomise_key=first.rerandomise_key,
            later_opening_keys={2: drawn(32)},
        )
        self.hub = Translator(group, self.hub_keys, random_bytes=drawn)
        self.authority_key, self.person_id = drawn(32), drawn(16)
        self.seeds = {name: drawn(32) for name in ("hub", "authority", "childcare", "tax")}
        self.sealing = {name: drawn(32) for name in ("childcare", "tax")}
        self.secrets = {name: group.random_scalar(drawn) for name in ("childcare", "tax")}
        self.agencies = {
            "childcare": self.agency("childcare", epoch=2, code_epoch=1, opening_epoch=1),
            "tax": self.agency("tax", epoch=4, code_epoch=3, opening_epoch=2),
        }
        self.tax_next = self.agency("tax", epoch=5, code_epoch=4, opening_epoch=2)

    def key(self, name: str) -> SigningKey:
        """What a party signs with."""
        return SigningKey(self.seeds[name])

    def agency(self, name: str, *, epoch: int, code_epoch: int, opening_epoch: int) -> Agency:
        """One agency under one entry, which agency and hub have signed."""
        institution = {"childcare": CHILDCARE, "tax": TAX}[name]
        secret, party = self.secrets[name], Party(institution, code_epoch, opening_epoch)
        key = self.group.base_multiply(secret)
        published = self.hub.directory_points(party, epoch, key, self.drawn)
        entry = self._entry(name, institution, epoch, party, key, published)
        return Agency(party, epoch, secret, key, published, entry)

    def _entry(
        self, name: str, institution: InstitutionCode, epoch: int, party: Party, key: Point, published: DirectoryPoints
    ) -> DirectoryEntry:
        entry = DirectoryEntry(
            institution_code=institution,
            institution_kind=name,
            institution_name=f"SIMULATED {name} 役所",
            suite=self.group.suite,
            epoch=epoch,
            code_epoch=party.code_epoch,
            opening_epoch=party.opening_epoch,
            agency_key=key,
            opening_key=published.opening_key,
            joint_key=published.joint_key,
            factor_commitment=published.commitment,
            sealing_key=public_of(self.sealing[name]),
            signing_key=self.key(name).verify_key,
            joint_key_proof=published.proof,
        )
        sign_entry(self.key(name), entry)
        countersign_entry(self.key("hub"), entry)
        return entry

    def told(self, agency: Agency) -> dict[str, Any]:
        """Everything of an agency, secrets too, with the nonce of its joint key's proof."""
        party, published = agency.party, agency.published
        share = self.hub.opening_share(party.institution, party.opening_epoch)
        return hexed_fields(
            {
                "institution": str(party.institution),
                "epoch": agency.epoch,
                "code_epoch": party.code_epoch,
                "opening_epoch": party.opening_epoch,
                "key_id": agency.entry.key_id,
                "y": agency.secret,
                "Y": agency.key,
                "s": self.hub.factor(party.institution, party.code_epoch),
                "S": published.commitment,
                "h": share,
                "H": published.opening_key,
                "Y_J": published.joint_key,
                "joint_key_proof": published.proof,
                "joint_key_proof_context": joint_key_context(party.institution, agency.epoch),
                "joint_key_proof_nonce": nonce_of(published.proof, 1, share),
            }
        )
