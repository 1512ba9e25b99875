"""Leaves, trees, proofs and notes of the vectors, made and checked by hand as docs/protocol/log.md says."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf import json_format
from tests.contract import protocol_by_hand as by_hand

from warifu.api.log.v1.log_service_pb2 import ExchangeLeaf, LeafEvent
from warifu.api.record.v1.sealed_pb2 import Gossip

Told = Callable[[str], dict[str, Any]]


@pytest.fixture
def log(told: Told) -> dict[str, Any]:
    return told("log")


def raw(texts: list[str]) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]


def test_a_leaf_is_its_fields_and_hashed_as_it_lies(log: dict[str, Any]) -> None:
    for case in log["leaves"]:
        leaf = bytes.fromhex(case["leaf"])
        fields = json_format.MessageToDict(ExchangeLeaf.FromString(leaf), preserving_proto_field_name=True)
        assert fields == case["fields"]
        assert by_hand.leaf_hash(leaf).hex() == case["hash"]


def test_each_kind_of_event_but_rotation_has_a_leaf(log: dict[str, Any]) -> None:
    events = {case["fields"]["event"] for case in log["leaves"]}
    assert set(LeafEvent.keys()) - events == {"LEAF_EVENT_UNSPECIFIED", "LEAF_EVENT_CODES_ROTATED"}


def test_the_roots_are_those_of_rfc_6962(log: dict[str, Any]) -> None:
    hashes = raw([case["hash"] for case in log["leaves"]])
    assert [by_hand.root(hashes[:size]).hex() for size in range(len(hashes) + 1)] == log["roots"]


def test_every_inclusion_proof_holds_and_only_for_its_own_place(log: dict[str, Any]) -> None:
    hashes, roots = raw([case["hash"] for case in log["leaves"]]), raw(log["roots"])
    for case in log["inclusion"]:
        position, size, proof = case["position"], case["size"], raw(case["hashes"])
        assert by_hand.is_included(hashes[position], position, size, proof, roots[size])
        assert not by_hand.is_included(hashes[position - 1], position, size, proof, roots[size]) or size == 1


def test_every_consistency_proof_holds_and_not_for_another_root(log: dict[str, Any]) -> None:
    roots = raw(log["roots"])
    for case in log["consistency"]:
        first, second, proof = case["first"], case["second"], raw(case["hashes"])
        assert by_hand.is_consistent(first, second, (roots[first], roots[second]), proof)
        assert not first or not by_hand.is_consistent(first, second, (bytes(32), roots[second]), proof)


def note_of(log: dict[str, Any], told: dict[str, Any], *lines: str) -> str:
    """A checkpoint's note, made again."""
    seed = bytes.fromhex(log["log_key"]["seed"])
    text = by_hand.checkpoint_text(log["origin"], told["size"], bytes.fromhex(told["root"]), *lines)
    signed = bytes.fromhex(log["log_key"]["key_id"]) + by_hand.signature(seed, text.encode())
    return text + "\n" + by_hand.signature_line(log["origin"], signed)


def test_a_checkpoint_is_a_note_that_the_logs_key_signs(log: dict[str, Any]) -> None:
    public = by_hand.public_of_seed(bytes.fromhex(log["log_key"]["seed"]))
    key_id, text = by_hand.vkey(log["origin"], b"\x01", public)
    assert (key_id.hex(), text) == (log["log_key"]["key_id"], log["log_key"]["vkey"])
    assert note_of(log, log["checkpoint"]) == log["checkpoint"]["note"]
    continued = log["continued_checkpoint"]
    line = f"continued {continued['number']} at {continued['position']}"
    assert note_of(log, continued, line) == continued["note"]


def test_a_cosignature_is_a_line_beside_the_logs_with_the_witnesss_time(log: dict[str, Any]) -> None:
    witness, time = log["witness_key"], log["cosigned"]["time"]
    seed = bytes.fromhex(witness["seed"])
    key_id, text = by_hand.vkey(witness["name"], b"\x04", by_hand.public_of_seed(seed))
    assert (key_id.hex(), text) == (witness["key_id"], witness["vkey"])
    body = log["checkpoint"]["note"].partition("\n\n")[0] + "\n"
    signature = by_hand.signature(seed, f"cosignature/v1\ntime {time}\n{body}".encode())
    line = by_hand.signature_line(witness["name"], key_id + time.to_bytes(8, "big") + signature)
    assert log["checkpoint"]["note"] + line == log["cosigned"]["note"]


@pytest.mark.parametrize("of", ["checkpoint", "continued_checkpoint"])
def test_a_note_is_made_again_from_gossip(log: dict[str, Any], of: str) -> None:
    raw_gossip = bytes.fromhex(log["gossip"][f"of_{of}"])
    gossip = Gossip.FromString(raw_gossip)
    lines = [f"continued {gossip.continuation} at {gossip.continued_at}"] if gossip.continuation else []
    text = by_hand.checkpoint_text(log["origin"], gossip.size, gossip.root_hash, *lines)
    signed = base64.b64encode(gossip.key_id + gossip.log_signature).decode()
    assert f"{text}\n\u2014 {log['origin']} {signed}\n" == log[of]["note"]
    assert gossip.directory_version == log["gossip"]["directory_version"]
    assert gossip.directory_digest.hex() == log["gossip"]["directory_digest"]


def test_gossip_is_as_long_whatever_it_says(log: dict[str, Any]) -> None:
    told = [value for name, value in log["gossip"].items() if name.startswith(("of_", "before_"))]
    assert {len(bytes.fromhex(value)) for value in told} == {168}
