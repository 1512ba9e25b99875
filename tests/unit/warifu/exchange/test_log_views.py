"""Two checkpoints as evidence: what convicts a hub, what does not, and that nobody but the hub can make any."""

from __future__ import annotations

import json
from typing import Any

import pytest

from warifu.api.directory.v1.directory_service_pb2 import DirectoryHeader
from warifu.errors import Reason, WarifuError
from warifu.exchange.log_views import LogViews, relation_of
from warifu.exchange.signature import SigningKey
from warifu.tlog.checkpoint import Checkpoint, log_origin, sign_checkpoint
from warifu.tlog.merkle import MerkleTree, leaf_hash
from warifu.tlog.note import Verifier
from warifu.tlog.views import Relation

TRUE = MerkleTree([leaf_hash(b"%d" % place) for place in range(12)])
FORKED = MerkleTree([leaf_hash(b"%d" % place if place < 3 else b"other %d" % place) for place in range(12)])


class Court:
    """Whoever judges: it has the network's root. ``log_key`` is the hub's."""

    def __init__(self, pair: Any) -> None:
        self.header: DirectoryHeader = pair.directory.header
        self.root_pem = pair.hub_folder.root_pem()
        self.log_key = pair.hub_folder.secret("log.key")

    def note(self, tree: MerkleTree, size: int, *, key: bytes | None = None, origin: str = "") -> bytes:
        name = origin or log_origin(self.header.network)
        return sign_checkpoint(
            Checkpoint(origin=name, size=size, root_hash=tree.root(size)), self.log_key if key is None else key
        )

    def views(self, shown: bytes, told: bytes, proof: list[bytes] | None = None) -> LogViews:
        made = LogViews(shown=shown, told=told, proof=tuple(proof or ()), header=self.header)
        return LogViews.from_json(made.to_json())


@pytest.fixture
def court(pair: Any) -> Court:
    return Court(pair)


def test_two_roots_of_one_size_convict_the_hub(court: Court) -> None:
    views = court.views(court.note(TRUE, 7), court.note(FORKED, 7))
    assert relation_of(views, court.root_pem) is Relation.TWO_LOGS


def test_so_does_the_proof_that_the_hub_gave_of_its_longer_log(court: Court) -> None:
    views = court.views(court.note(FORKED, 11), court.note(TRUE, 7), FORKED.consistency_proof(7, 11))
    assert relation_of(views, court.root_pem) is Relation.TWO_LOGS


def test_without_a_proof_a_copy_of_either_log_decides(court: Court) -> None:
    views = court.views(court.note(FORKED, 11), court.note(TRUE, 7))
    assert relation_of(views, court.root_pem) is Relation.NOT_SHOWN
    assert relation_of(views, court.root_pem, FORKED) is Relation.TWO_LOGS
    honest = court.views(court.note(TRUE, 11), court.note(TRUE, 7))
    assert relation_of(honest, court.root_pem, TRUE) is Relation.ONE_LOG


def test_an_honest_hub_is_not_convicted_by_a_proof_that_somebody_made_up(court: Court) -> None:
    for proof in ([], [bytes(32)] * 3, FORKED.consistency_proof(7, 11), TRUE.consistency_proof(6, 11)):
        views = court.views(court.note(TRUE, 11), court.note(TRUE, 7), proof)
        assert relation_of(views, court.root_pem) is not Relation.TWO_LOGS


def test_nobody_but_the_hub_can_make_a_checkpoint_that_counts(court: Court, pair: Any) -> None:
    for key in (SigningKey.generate().to_bytes(), pair.hub_folder.secret("signing.key")):
        with pytest.raises(WarifuError) as refused:
            relation_of(court.views(court.note(TRUE, 7), court.note(FORKED, 7, key=key)), court.root_pem)
        assert (refused.value.reason, refused.value.where) == (
            Reason.LOG_INVALID,
            "told: no signature by a trusted key",
        )


def test_a_checkpoint_of_another_log_under_the_same_key_does_not_count(court: Court) -> None:
    other = court.note(FORKED, 7, origin="warifu.test/sim-other/exchange-log")
    with pytest.raises(WarifuError) as refused:
        relation_of(court.views(court.note(TRUE, 7), other), court.root_pem)
    assert refused.value.reason is Reason.LOG_INVALID


def test_nor_does_a_key_that_the_root_did_not_name(court: Court) -> None:
    own = SigningKey.generate()
    views = court.views(court.note(TRUE, 7, key=own.to_bytes()), court.note(FORKED, 7, key=own.to_bytes()))
    name = log_origin(court.header.network)
    views.header.log_verifier_key = Verifier(name, own.verify_key).vkey
    with pytest.raises(WarifuError) as refused:
        relation_of(views, court.root_pem)
    assert refused.value.reason is Reason.SIGNATURE_INVALID


@pytest.mark.parametrize("field", ["kind", "shown", "told", "proof", "directory_header"])
@pytest.mark.parametrize("value", [None, 7, "not base64!", [1], {}])
def test_a_file_that_makes_no_sense_is_refused_at_the_field(court: Court, field: str, value: object) -> None:
    content = json.loads(court.views(court.note(TRUE, 7), court.note(FORKED, 7)).to_json())
    content[field] = value
    with pytest.raises(WarifuError) as refused:
        relation_of(LogViews.from_json(json.dumps(content).encode()), court.root_pem)
    expected = {Reason.FILE_INVALID, Reason.LOG_INVALID, Reason.DIRECTORY_INVALID, Reason.SIGNATURE_INVALID}
    assert refused.value.reason in expected
    assert refused.value.reason is not Reason.FILE_INVALID or refused.value.where == f"evidence.{field}"


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"kind": "conversion not proven"}'])
def test_what_is_no_such_file_is_refused(content: bytes) -> None:
    with pytest.raises(WarifuError) as refused:
        LogViews.from_json(content)
    assert refused.value.reason is Reason.FILE_INVALID
