"""One institution's entry in the key directory: signed by agency and hub, its joint key proved.

Decides whether an entry may be used: the agency and the hub both signed it, its points are valid, and the proof shows
that the joint key really is the hub's share of the agency's key (without that proof a hub could publish a key it opens
alone). Holds public keys only.
"""

from __future__ import annotations

from dataclasses import dataclass

from warifu.api.directory.v1.directory_service_pb2 import DirectoryEntry as EntryMessage
from warifu.canonical import digest
from warifu.curve.group import Group, Point
from warifu.errors import Reason, WarifuError
from warifu.exchange.proofs import joint_key_context, verify_joint_key
from warifu.exchange.signature import SigningKey, verify_signature
from warifu.identifiers import InstitutionCode

__all__ = ["KEY_ID_SIZE", "SEALING_KEY_SIZE", "DirectoryEntry", "countersign_entry", "sign_entry", "verify_entry"]

_ENTRY = b"warifu-v1/directory-entry"
_COUNTERSIGNED = b"warifu-v1/directory-entry-hub"
KEY_ID_SIZE = 8
SEALING_KEY_SIZE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryEntry:
    """One institution's verified keys for one epoch. Points and keys are 32 bytes, ``key_id`` is 8.

    ``code_epoch`` says which of the hub's factors made the codes, ``opening_epoch`` which of its opening keys is in the
    joint key; both change more rarely than ``epoch``, which counts every change.
    """

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
    code_epoch: int = 1
    opening_epoch: int = 1


def _stated(message: EntryMessage) -> tuple[bytes, ...]:
    return (
        message.institution_code.encode(),
        message.institution_kind.encode(),
        message.institution_name.encode(),
        message.suite.to_bytes(4, "big"),
        message.epoch.to_bytes(4, "big"),
        message.code_epoch.to_bytes(4, "big"),
        message.opening_epoch.to_bytes(4, "big"),
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


def verify_entry(message: EntryMessage, group: Group, hub_signing_key: bytes, where: str) -> DirectoryEntry:
    """The entry, once agency, hub and proof all vouch for every field of it.

    Raises: DIRECTORY_INVALID, SUITE_UNKNOWN, SIGNATURE_INVALID, POINT_INVALID, REQUEST_MALFORMED, at the field at fault.
    """
    institution = InstitutionCode.parse(message.institution_code, f"{where}.institution_code")
    where = f"{where}[{institution}]"
    if message.suite != group.suite:
        raise WarifuError(Reason.SUITE_UNKNOWN, where=f"{where}.suite")
    if not 1 <= message.code_epoch <= message.epoch or message.opening_epoch < 1:
        raise WarifuError(Reason.DIRECTORY_INVALID, where=f"{where}.code_epoch")
    if message.key_id != digest(_ENTRY, *_stated(message))[:KEY_ID_SIZE]:
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
        code_epoch=message.code_epoch,
        opening_epoch=message.opening_epoch,
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
