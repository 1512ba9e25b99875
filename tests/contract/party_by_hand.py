"""A party's folder and directory, read and verified by hand as docs/protocol/files.md and directory.md say."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from google.protobuf import json_format
from google.protobuf.message import Message
from tests.contract import protocol_by_hand as by_hand
from tests.contract.groups_by_hand import SUITES, Element, minus, times
from tests.contract.permission_by_hand import table
from tests.contract.signed_page import Row, statement

from warifu.api.directory.v1.directory_service_pb2 import DirectoryEntry, DirectoryFile

LONGEST = 8 * 1024 * 1024


def verify(public: bytes, signature: bytes, statement: bytes) -> None:
    """A signature made alone or together. Raises: ValueError, InvalidSignature."""
    if way := signature[64:]:
        root, turns, siblings = by_hand.leaf_hash(statement), way[0], way[1:]
        if len(siblings) % 32 or not 1 <= len(siblings) // 32 <= 8 or turns >> len(siblings) // 32:
            raise ValueError("not a way to a root")
        for place in range(len(siblings) // 32):
            sibling = siblings[32 * place : 32 * place + 32]
            root = by_hand.node(sibling, root) if turns >> place & 1 else by_hand.node(root, sibling)
        statement = by_hand.digest("warifu-v1/signed-together", root)
    Ed25519PublicKey.from_public_bytes(public).verify(signature[:64], statement)


def told(message: Message) -> dict[str, Any]:
    """The fields of a message as vectors tell them: bytes in hexadecimal, a field of a field behind a dot."""
    flat: dict[str, Any] = {}
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if isinstance(value, Message):
            flat |= {f"{field.name}.{inner}": each for inner, each in told(value).items()}
        elif field.message_type is not None:
            flat[field.name] = [told(each) for each in value]
        else:
            flat[field.name] = value.hex() if isinstance(value, bytes) else value
    return flat


@dataclass(frozen=True)
class Party:
    """One agency's folder, and the pages' tables of what is signed."""

    path: Path
    tables: dict[str, list[Row]]

    def secret(self, name: str) -> bytes:
        return bytes.fromhex((self.path / name).read_text("ascii").strip())

    @cached_property
    def settings(self) -> dict[str, str]:
        content: dict[str, str] = json.loads((self.path / "party.json").read_text("utf-8"))
        return content

    @cached_property
    def directory(self) -> DirectoryFile:
        file = json_format.Parse((self.path / "directory.json").read_text("utf-8"), DirectoryFile())
        self.verify(file)
        return file

    @cached_property
    def permissions(self) -> dict[str, Any]:
        """The permission table, which is the one that the directory names."""
        content = (self.path / "permissions.yaml").read_bytes()
        plain = content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
        named = self.directory.header.permission_table_digest
        assert by_hand.digest("warifu-v1/permission-table", plain) == named
        return table(plain.decode())

    @cached_property
    def suite(self) -> Any:
        return SUITES[self.directory.header.suite]

    def entry(self, institution: str) -> DirectoryEntry:
        (found,) = (each for each in self.directory.entries if each.institution_code == institution)
        return found

    @property
    def own(self) -> DirectoryEntry:
        return self.entry(self.settings["institution_code"])

    def stated(self, label: str, fields: dict[str, Any]) -> bytes:
        """A statement, by the page's table."""
        name = f"warifu-v1/{label}"
        return statement(name, self.tables[name], fields)

    def channel(self, endpoint: str, role: str, institution: str) -> grpc.aio.Channel:
        """A channel to one party, by its name."""
        network = self.directory.header.network
        options = [
            ("grpc.ssl_target_name_override", f"i{institution}.{role}.{network}.warifu.test"),
            ("grpc.max_receive_message_length", LONGEST),
        ]
        root, key, certificate = ((self.path / name).read_bytes() for name in ("root.pem", "tls.key", "tls.pem"))
        return grpc.aio.secure_channel(endpoint, grpc.ssl_channel_credentials(root, key, certificate), options=options)

    def verify(self, file: DirectoryFile) -> None:
        """Steps 1, 4 and 5 of taking a version. Raises: what does not hold."""
        header = file.header
        root = x509.load_pem_x509_certificate((self.path / "root.pem").read_bytes()).public_key()
        assert isinstance(root, ec.EllipticCurvePublicKey)
        root.verify(header.root_signature, self.stated("directory-header", told(header)), ec.ECDSA(hashes.SHA256()))
        entries = {"entries": [told(each) for each in file.entries]}
        entries["dated_entries"] = [
            told(each.entry) | {"accepted_until_ms": each.accepted_until_ms} for each in file.dated_entries
        ]
        assert self.stated("directory-entries", entries) == header.entries_digest
        for entry in file.entries:
            self._verify_entry(entry, header.hub_signing_key, SUITES[header.suite])

    def _verify_entry(self, entry: DirectoryEntry, hub_key: bytes, suite: Any) -> None:
        fields = told(entry)
        own = self.stated("directory-entry", fields)
        assert entry.key_id == own[:8]
        verify(entry.signing_key, entry.agency_signature, own)
        verify(hub_key, entry.hub_signature, self.stated("directory-entry-hub", fields))
        points: list[Element] = [suite.read(each) for each in (entry.agency_key, entry.opening_key, entry.joint_key)]
        suite.read(entry.factor_commitment)
        e, z = by_hand.read(entry.joint_key_proof[:32]), by_hand.read(entry.joint_key_proof[32:])
        own_key, opening, joint = points
        commitments = minus(times(z, suite.base), times(e, opening)), minus(times(z, own_key), times(e, joint))
        context = by_hand.prefixed(entry.institution_code.encode(), entry.epoch.to_bytes(4, "big"))
        public = [suite.write(each) for each in (suite.base, own_key, opening, joint, *commitments)]
        assert by_hand.to_scalar(suite.number, "warifu-v1/dleq-keydir", context, *public) == e
