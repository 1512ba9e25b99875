"""Two checkpoints that cannot be of one log, as a file: what convicts a hub that shows different logs to different members.

Decides whether such a file convicts: the network's root named the key, the key signed both, and nothing extends both. Two
roots of one size do, and so does a consistency proof that implies the larger root and another smaller one. Without either a
whole copy of the log decides, for whoever has one. A hub that was restored from an older state and went on without saying so
has signed two logs as well, and is convicted of that. Pure.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from warifu.api.directory.v1.directory_service_pb2 import DirectoryHeader
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory_header import verify_header
from warifu.tlog.checkpoint import Checkpoint, log_origin, open_checkpoint
from warifu.tlog.merkle import MerkleTree
from warifu.tlog.note import Verifier
from warifu.tlog.views import Relation, relation, relation_in

__all__ = ["LOG_VIEWS_KIND", "LogViews", "relation_of"]

LOG_VIEWS_KIND = "log views differ"

_LARGEST_PROOF = 128  # hashes: twice the height of the largest log


@dataclass(frozen=True, slots=True, kw_only=True)
class LogViews:
    """Two signed checkpoints, and what the hub said was the consistency proof between them (32 bytes each, or none).

    ``shown`` was shown to whoever kept this, ``told`` to another member. ``header`` is of a version of the directory that
    names the key of both.
    """

    shown: bytes
    told: bytes
    proof: tuple[bytes, ...]
    header: DirectoryHeader

    def to_json(self) -> bytes:
        """As a file, of one line for each field; the notes can be read as they are."""
        told = {
            "simulated": "SIMULATED: of a simulated network, about made-up people",
            "kind": LOG_VIEWS_KIND,
            "shown": self.shown.decode(),
            "told": self.told.decode(),
            "proof": [_text(each) for each in self.proof],
            "directory_header": _text(self.header.SerializeToString()),
        }
        return (json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode()

    @classmethod
    def from_json(cls, content: bytes, where: str = "evidence") -> LogViews:
        """Read a file. Raises: FILE_INVALID at the field that makes no sense."""
        field = ""
        try:
            told = json.loads(content)
            field = "kind"
            if told[field] != LOG_VIEWS_KIND:
                raise ValueError("another kind of evidence")
            field = "shown"
            shown = told[field].encode()
            field = "told"
            other = told[field].encode()
            field = "proof"
            proof = tuple(base64.b64decode(each, validate=True) for each in told[field][: _LARGEST_PROOF + 1])
            field = "directory_header"
            header = DirectoryHeader.FromString(base64.b64decode(told[field], validate=True))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, binascii.Error, DecodeError) as error:
            at = f"{where}.{field}" if field else where
            raise WarifuError(Reason.FILE_INVALID, where=at, debug=type(error).__name__) from None
        return cls(shown=shown, told=other, proof=proof, header=header)


def relation_of(views: LogViews, root_pem: bytes, log: MerkleTree | None = None) -> Relation:
    """What is shown of both checkpoints; TWO_LOGS convicts. ``log`` is a whole copy, where whoever judges has one.

    Raises: what makes the file worthless: SIGNATURE_INVALID or DIRECTORY_INVALID when the root did not sign the header,
    LOG_INVALID when the key that it names did not sign both.
    """
    verify_header(views.header, root_pem)
    verifier = Verifier.parse(views.header.log_verifier_key, where="directory_header.log_verifier_key")
    if verifier.name != log_origin(views.header.network):
        raise WarifuError(Reason.LOG_INVALID, where="directory_header.log_verifier_key: not of this network's log")
    shown, told = _opened(views.shown, verifier, "shown"), _opened(views.told, verifier, "told")
    found = relation(shown, told, views.proof)
    return relation_in(log, shown, told) if log is not None and found is Relation.NOT_SHOWN else found


def _opened(note: bytes, verifier: Verifier, where: str) -> Checkpoint:
    return open_checkpoint(note, verifier, where=where)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
