"""What a provider keeps of a permit whose conversion the hub did not prove, and what it proves to a third party.

Decides whether a file convicts the hub: it signed a permit for an inquiry that the inquirer signed, under keys that the
network's root vouches for, and the proof under its own signature does not hold. Nobody but the hub can make such a permit, and
whether the proof holds needs no key to tell. Must never know whose code is converted; nothing in it can be opened.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from warifu.api.directory.v1.directory_service_pb2 import DirectoryFile
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.curve.group import Point
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import EncryptedCode
from warifu.exchange.context import ExchangeContext
from warifu.exchange.conversion_proof import Conversion, ConversionTerms, check_proven, terms_between
from warifu.exchange.directory import Directory
from warifu.exchange.proof_policy import PolicyKind
from warifu.exchange.statements import check_inquiry, check_permit, inquiry_digest

__all__ = ["Evidence", "convicts", "kind_of"]

_KIND = "conversion not proven"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A permit as it came, and the version of the directory by which it was refused."""

    permit: ProvisionPermit
    directory: DirectoryFile

    def to_json(self) -> bytes:
        """As a file, of one line for each field."""
        told = {
            "simulated": "SIMULATED: of a simulated network, about made-up people",
            "kind": _KIND,
            "processing_number": self.permit.processing_number,
            "permit": _text(self.permit.SerializeToString()),
            "directory": _text(self.directory.SerializeToString()),
        }
        return (json.dumps(told, indent=2) + "\n").encode()

    @classmethod
    def from_json(cls, content: bytes, where: str = "evidence") -> Evidence:
        """Read a file. Raises: FILE_INVALID at the field that makes no sense."""
        field = ""
        try:
            told = json.loads(content)
            field = "kind"
            if told[field] != _KIND:
                raise ValueError("another kind of evidence")
            field = "permit"
            permit = ProvisionPermit.FromString(base64.b64decode(told[field], validate=True))
            field = "directory"
            directory = DirectoryFile.FromString(base64.b64decode(told[field], validate=True))
        except (ValueError, TypeError, KeyError, RecursionError, binascii.Error, DecodeError) as error:
            at = f"{where}.{field}" if field else where
            raise WarifuError(Reason.FILE_INVALID, where=at, debug=type(error).__name__) from None
        return cls(permit=permit, directory=directory)


def kind_of(content: bytes, where: str = "evidence") -> str:
    """What kind of evidence a file says it is. Raises: FILE_INVALID."""
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        raise WarifuError(Reason.FILE_INVALID, where=f"{where}: not JSON") from None
    if not isinstance(told, dict) or not isinstance(told.get("kind"), str):
        raise WarifuError(Reason.FILE_INVALID, where=f"{where}: no evidence that a node kept")
    return str(told["kind"])


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def convicts(evidence: Evidence, root_pem: bytes) -> bool:
    """Whether the hub signed this permit and its proof does not hold; False when the proof holds.

    False, too, where the network's policy lets the hub sign permits without proof, and this one has none: that the hub would
    not prove it when it was asked, only whoever asked can say.

    Raises: what makes the file worthless as evidence: DIRECTORY_INVALID when the root did not sign the directory;
    REQUEST_MALFORMED, INSTITUTION_UNKNOWN, EPOCH_STALE or SIGNATURE_INVALID when it is not the hub's permit for an
    inquiry that the inquirer signed.
    """
    permit = evidence.permit
    directory = Directory.from_message(evidence.directory, root_pem)
    context = ExchangeContext.decode(permit.inquiry.context, where="permit.inquiry.context")
    inquirer = directory.entry_for(context.inquirer, context.epoch_from, context.issued_ms, where="inquirer")
    provider = directory.entry_for(context.provider, context.epoch_to, context.issued_ms, where="provider")
    if context.key_id_to != provider.key_id:
        raise WarifuError(Reason.EPOCH_STALE, where="permit.inquiry.context.key_id_to")
    asked, signed_ms = inquiry_digest(permit.inquiry), permit.permit_time.ToMilliseconds()
    directory.check_hub(signed_ms, lambda key: check_permit(key, permit, asked))
    check_inquiry(inquirer.signing_key, permit.inquiry)
    if directory.proof_policy.kind is not PolicyKind.ALWAYS and not permit.conversion_proof:
        return False
    try:
        _check_conversion(permit, terms_between(inquirer, provider), directory)
    except WarifuError:
        return True
    return False


def _check_conversion(permit: ProvisionPermit, terms: ConversionTerms, directory: Directory) -> None:
    given, made = permit.inquiry.encrypted_code, permit.converted_code
    conversion = Conversion(
        context=permit.inquiry.context,
        encrypted=EncryptedCode(Point(given.c1), Point(given.c2)),
        converted=EncryptedCode(Point(made.c1), Point(made.c2)),
    )
    check_proven(directory.group, terms, conversion, permit.conversion_proof)
