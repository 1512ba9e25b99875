"""Cosignatures: those of the public witness network verify here, ours verify by other code, and none is counted twice."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from warifu.errors import Reason, WarifuError
from warifu.tlog.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from warifu.tlog.cosignature import Witness, check_cosigned, cosign, cosignatures, merged
from warifu.tlog.note import Verifier, note_of, open_note, read_text_unverified, signatures_of

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "vectors" / "c2sp_cosignatures.json").read_text("utf-8")
)
LOG_SEED, SEEDS = bytes(range(32)), [bytes([number]) * 32 for number in (1, 2, 3)]
NOTE = sign_checkpoint(Checkpoint(origin="log.test/x", size=7, root_hash=b"r" * 32), LOG_SEED)


def public(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


WITNESSES = [Witness(f"witness.test/{number}", public(seed)) for number, seed in enumerate(SEEDS)]


def cosigned(*which: int, note: bytes = NOTE, time: int = 1_800_000_000) -> bytes:
    for number in which:
        note = cosign(note, WITNESSES[number], SEEDS[number], time)
    return note


def refused(note: bytes, least: int = 1, witnesses: list[Witness] = WITNESSES) -> str:
    with pytest.raises(WarifuError) as caught:
        check_cosigned(note, witnesses, least)
    assert caught.value.reason is Reason.LOG_INVALID
    return caught.value.where


def test_cosignatures_of_the_public_witness_network_verify() -> None:
    told = VECTORS["cosigned"]
    note, witnesses = told["note"].encode(), [Witness.parse(vkey) for vkey in told["witnesses"]]
    assert [witness.vkey for witness in witnesses] == told["witnesses"]
    found = check_cosigned(note, witnesses, 2)
    assert [(each.witness, each.time) for each in found] == [(witness, told["time"]) for witness in witnesses]
    assert open_note(note, [Verifier.parse(told["log"])]) == read_text_unverified(note)


def test_they_do_not_under_another_text_or_another_time() -> None:
    told = VECTORS["cosigned"]
    witness = Witness.parse(told["witnesses"][0])
    assert "bad cosignature of remora.n621.de" in refused(
        told["note"].replace("1432088532", "1432088533").encode(), witnesses=[witness]
    )
    name, signed = next(line for line in signatures_of(told["note"].encode()) if line[0] == witness.name)
    later = signed[:4] + (told["time"] + 1).to_bytes(8, "big") + signed[12:]
    assert "bad cosignature" in refused(
        note_of(read_text_unverified(told["note"].encode()), [(name, later)]), witnesses=[witness]
    )


def test_the_example_of_the_document_is_read() -> None:
    told = VECTORS["example"]
    name, signed = signatures_of(told["note"].encode())[1]
    assert (name, int.from_bytes(signed[4:12], "big"), len(signed)) == ("witness.example.com/w1", told["time"], 76)


def test_what_is_cosigned_here_verifies_by_code_that_shares_nothing_with_it() -> None:
    line = cosigned(0).decode().rstrip("\n").split("\n")[-1]
    dash, name, encoded = line.split(" ")
    raw, text = base64.b64decode(encoded), NOTE.decode().split("\n\n")[0] + "\n"
    assert (dash, name) == ("\u2014", "witness.test/0")
    assert raw[:4] == hashlib.sha256(b"witness.test/0\n\x04" + public(SEEDS[0])).digest()[:4]
    message = f"cosignature/v1\ntime 1800000000\n{text}".encode()
    Ed25519PublicKey.from_public_bytes(public(SEEDS[0])).verify(raw[12:], message)
    assert int.from_bytes(raw[4:12], "big") == 1_800_000_000


def test_the_logs_own_signature_stays_and_still_verifies() -> None:
    checkpoint = open_checkpoint(cosigned(0, 1, 2), Verifier("log.test/x", public(LOG_SEED)))
    assert checkpoint.size == 7


@pytest.mark.parametrize("least", [0, 1, 2])
def test_so_many_different_witnesses_are_enough(least: int) -> None:
    assert [each.witness for each in check_cosigned(cosigned(0, 2), WITNESSES, least)] == [WITNESSES[0], WITNESSES[2]]


def test_fewer_are_refused_with_how_many_there_are() -> None:
    assert refused(NOTE) == "checkpoint: 0 of 1 cosignatures wanted"
    assert refused(cosigned(0, 2), 3) == "checkpoint: 2 of 3 cosignatures wanted"
    assert refused(cosigned(0), 1, WITNESSES[1:]) == "checkpoint: 0 of 1 cosignatures wanted"


def test_one_witness_counts_once_and_its_newest_time_counts() -> None:
    twice = cosigned(0, note=cosigned(0, time=5), time=9)
    assert [each.time for each in cosignatures(twice, WITNESSES)] == [9]
    assert refused(twice, 2) == "checkpoint: 1 of 2 cosignatures wanted"


def test_one_key_under_two_names_counts_once() -> None:
    alias = Witness("witness.test/alias", WITNESSES[0].public_key)
    both = cosign(cosigned(0), alias, SEEDS[0], 5)
    with pytest.raises(WarifuError, match="LOG_INVALID"):
        check_cosigned(both, [WITNESSES[0], alias], 2)


def test_the_logs_signature_is_no_cosignature_even_under_the_logs_own_key() -> None:
    log_as_witness = Witness("log.test/x", public(LOG_SEED))
    assert refused(NOTE, 1, [log_as_witness]) == "checkpoint: 0 of 1 cosignatures wanted"


def test_a_bad_line_of_a_known_witness_refuses_the_whole_note() -> None:
    text, lines = read_text_unverified(NOTE), signatures_of(cosigned(0))
    spoilt = (lines[1][0], lines[1][1][:-1] + bytes([lines[1][1][-1] ^ 1]))
    assert refused(note_of(text, [lines[0], spoilt])) == "checkpoint: bad cosignature of witness.test/0"
    short = (lines[1][0], lines[1][1][:-1])
    assert refused(note_of(text, [lines[0], short])) == "checkpoint: bad cosignature of witness.test/0"


def test_a_time_beyond_the_range_is_none() -> None:
    with pytest.raises(ValueError, match="below"):
        cosigned(0, time=2**63)
    text, (log, (name, signed)) = read_text_unverified(NOTE), signatures_of(cosigned(0))
    assert "bad cosignature" in refused(note_of(text, [log, (name, signed[:4] + b"\xff" * 8 + signed[12:])]))


def test_lines_of_one_checkpoint_are_brought_together_and_of_one_key_the_first_stay() -> None:
    both = merged(cosigned(0, time=9), cosigned(0, 1, time=5))
    assert [(each.witness, each.time) for each in cosignatures(both, WITNESSES)] == [
        (WITNESSES[0], 9),
        (WITNESSES[1], 5),
    ]
    other = sign_checkpoint(Checkpoint(origin="log.test/x", size=8, root_hash=b"r" * 32), LOG_SEED)
    with pytest.raises(WarifuError, match="LOG_INVALID"):
        merged(cosigned(0), other)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "name",
        "name+00000000+AAAA",
        "TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6",
        VECTORS["cosigned"]["log"],
        VECTORS["cosigned"]["witnesses"][0].replace("da77ade7", "da77ade8"),
        VECTORS["cosigned"]["witnesses"][0].replace("remora", "re mora"),
        VECTORS["cosigned"]["witnesses"][0][:-4],
    ],
)
def test_what_is_no_key_of_a_witness_is_refused(vkey: str) -> None:
    with pytest.raises(WarifuError) as caught:
        Witness.parse(vkey)
    assert caught.value.reason is Reason.KEY_INVALID
