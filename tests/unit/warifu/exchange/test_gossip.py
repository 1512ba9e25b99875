"""What parties tell each other of the hub: always as long, and the signed note is whole again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warifu.api.record.v1 import sealed_pb2
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory_header import header_digest
from warifu.exchange.gossip import GOSSIP_SIZE, read_gossip, write_gossip
from warifu.exchange.signature import SigningKey
from warifu.tlog.checkpoint import Checkpoint, log_origin, open_checkpoint, sign_checkpoint
from warifu.tlog.continuation import NEVER_CONTINUED, Continuation
from warifu.tlog.note import Verifier

KEY = SigningKey.generate()
ORIGIN = log_origin("sim-0123456789-0123456789-012345")
VERIFIER = Verifier(ORIGIN, KEY.verify_key)


def note(size: int = 1_234, continuation: Continuation = NEVER_CONTINUED, *lines: str) -> bytes:
    checkpoint = Checkpoint(origin=ORIGIN, size=size, root_hash=b"r" * 32, extensions=(*continuation.lines, *lines))
    return sign_checkpoint(checkpoint, KEY.to_bytes())


NOTES = [
    pytest.param(None, id="none yet"),
    pytest.param(note(0), id="an empty log"),
    pytest.param(note(), id="a log"),
    pytest.param(note(2**63 - 1, Continuation(10**9 - 1, 2**63 - 1)), id="the longest"),
    pytest.param(note(9, Continuation(1, 0)), id="one that went on from nothing"),
]


@pytest.mark.parametrize("signed", NOTES)
def test_the_note_is_whole_again_and_all_gossip_is_as_long(pair: Any, signed: bytes | None) -> None:
    told = write_gossip(signed, pair.directory.header, 1)
    assert len(told.SerializeToString()) == GOSSIP_SIZE
    read = read_gossip(sealed_pb2.Gossip.FromString(told.SerializeToString()), ORIGIN)
    assert read.note == signed
    assert (read.directory_version, read.directory_digest) == (1, header_digest(pair.directory.header))
    if read.note is not None:
        assert read.key_id == VERIFIER.key_id
        open_checkpoint(read.note, VERIFIER)


def test_a_checkpoint_with_lines_that_no_log_here_writes_is_not_told(pair: Any) -> None:
    with pytest.raises(WarifuError) as refused:
        write_gossip(note(5, NEVER_CONTINUED, "shown to tax"), pair.directory.header, 1)
    assert refused.value.reason is Reason.LOG_INVALID


SPOILT: list[tuple[str, Callable[[sealed_pb2.Gossip], object]]] = [
    ("root_hash", lambda told: told.ClearField("root_hash")),
    ("key_id", lambda told: setattr(told, "key_id", b"12345")),
    ("log_signature", lambda told: setattr(told, "log_signature", bytes(63))),
    ("directory_digest", lambda told: setattr(told, "directory_digest", b"")),
    ("directory_version", lambda told: told.ClearField("directory_version")),
    ("size", lambda told: setattr(told, "size", 2**63)),
]


@pytest.mark.parametrize(("where", "spoil"), SPOILT)
def test_what_makes_no_sense_is_refused_at_its_field(
    pair: Any, where: str, spoil: Callable[[sealed_pb2.Gossip], object]
) -> None:
    told = write_gossip(note(), pair.directory.header, 1)
    spoil(told)
    with pytest.raises(WarifuError) as refused:
        read_gossip(told, ORIGIN)
    assert (refused.value.reason, refused.value.where) == (Reason.LOG_INVALID, f"gossip.{where}")


@pytest.mark.parametrize("signed", NOTES)
def test_a_query_and_an_answer_are_as_long_with_gossip_as_without(pair: Any, signed: bytes | None) -> None:
    told = write_gossip(signed, pair.directory.header, 1)
    record = sealed_pb2.ProvidedRecord(record_type="warifu.api.record.v1.InsuranceQualificationRecord")
    for gossip in (told, None):
        query = sealed_pb2.SealedQuery(answer_key=b"k" * 32, fiscal_year=9999, gossip=gossip)
        assert len(query.SerializeToString()) <= 256 - 4
        record.record = b"r" * 190
        assert len(sealed_pb2.SealedAnswer(record=record, gossip=gossip).SerializeToString()) <= 512 - 4
