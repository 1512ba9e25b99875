"""Following the hub's log and the directory's chain, from docs/protocol/log.md and directory.md alone."""

from __future__ import annotations

import base64
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tests.contract import protocol_by_hand as by_hand
from tests.contract.party_by_hand import Party, told

from warifu.api.directory.v1.directory_service_pb2 import DirectoryFile, ListEntriesRequest, ListVersionsRequest
from warifu.api.directory.v1.directory_service_pb2_grpc import DirectoryServiceStub
from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.log.v1.log_service_pb2_grpc import LogServiceStub


class Checkpoint(NamedTuple):
    """What a verified note says."""

    size: int
    root: bytes
    note: bytes


def checkpoint(note: bytes, vkey: str) -> Checkpoint:
    """The checkpoint of a note with one signature line, by the key that the verifier key names. Raises: InvalidSignature."""
    name, key_id, encoded = vkey.split("+", 2)
    text, _, line = note.decode().partition("\n\n")
    dash, named, signed = line.removesuffix("\n").split(" ")
    origin, size, root = text.split("\n")
    assert (dash, named, origin) == ("\u2014", name, name)
    raw, public = base64.b64decode(signed), base64.b64decode(encoded)[1:]
    assert raw[:4].hex() == key_id == by_hand.vkey(name, b"\x01", public)[0].hex()
    Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], f"{text}\n".encode())
    return Checkpoint(int(size), base64.b64decode(root), note)


class Follower:
    """What one party sees of the hub's log and directory, over one channel."""

    def __init__(self, party: Party, channel: Any) -> None:
        self.party = party
        self.log: Any = LogServiceStub(channel)
        self.versions: Any = DirectoryServiceStub(channel)
        self.vkey = party.directory.header.log_verifier_key
        self.seen: Checkpoint | None = None

    async def compare(self) -> list[log_pb2.KnownExchange]:
        """Take the newest checkpoint, if it extends the one seen before; what the hub knows of this party."""
        request = log_pb2.CompareLogRequest(seen_note=self.seen.note if self.seen else b"")
        response = await self.log.CompareLog(request, timeout=10)
        newest, seen = checkpoint(response.signed_note, self.vkey), self.seen
        if seen is not None:
            roots, proof = (seen.root, newest.root), list(response.consistency_hashes)
            assert by_hand.is_consistent(seen.size, newest.size, roots, proof)
        self.seen = newest
        return list(response.exchanges)

    async def leaves_of(self, inquirer: str, request_id: bytes) -> list[log_pb2.ExchangeLeaf]:
        """The leaves of one exchange, each proven under the checkpoint seen."""
        assert self.seen is not None
        name = log_pb2.ExchangeName(inquirer=inquirer, request_id=request_id)
        request = log_pb2.ProveExchangesRequest(tree_size=self.seen.size, exchanges=[name])
        (proven,) = (await self.log.ProveExchanges(request, timeout=10)).exchanges
        for each in proven.leaves:
            self._check(each.leaf, each.position, list(each.hashes))
        return [log_pb2.ExchangeLeaf.FromString(each.leaf) for each in proven.leaves]

    async def take_versions(self, held: int) -> DirectoryFile:
        """Every version after the one held, link by link, shown to be in the log; the newest one with its entries."""
        assert self.seen is not None
        response = await self.versions.ListVersions(ListVersionsRequest(held_version=held), timeout=10)
        before = b""
        for header, position in zip(response.headers, response.positions, strict=True):
            assert header.previous_digest == before
            before = self.party.stated("directory-header", told(header))
            request = log_pb2.GetInclusionProofRequest(position=position, tree_size=self.seen.size)
            shown = await self.log.GetInclusionProof(request, timeout=10)
            self._check(shown.leaf, position, list(shown.hashes))
            leaf = log_pb2.ExchangeLeaf.FromString(shown.leaf)
            assert leaf.event == log_pb2.LEAF_EVENT_DIRECTORY_PUBLISHED
            assert (leaf.directory_version, leaf.directory_digest) == (header.version, before)
        file = DirectoryFile(header=response.headers[-1])
        entries = await self.versions.ListEntries(ListEntriesRequest(version=file.header.version), timeout=10)
        assert (entries.next_page_token, response.next_page_token) == ("", "")
        file.entries.extend(entries.entries)
        file.dated_entries.extend(entries.dated_entries)
        self.party.verify(file)
        return file

    def _check(self, leaf: bytes, position: int, proof: list[bytes]) -> None:
        assert self.seen is not None
        assert by_hand.is_included(by_hand.leaf_hash(leaf), position, self.seen.size, proof, self.seen.root)
