"""The tables of docs/protocol/signed.md make every statement of the vectors, and so what is signed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import load_pem_x509_certificate
from tests.contract import protocol_by_hand as by_hand
from tests.contract.signed_page import Row, statement, tables

Told = Callable[[str], dict[str, Any]]


@pytest.fixture
def tabled(page: Callable[[str], str]) -> dict[str, list[Row]]:
    """The page's tables."""
    return tables(page("signed"))


def stated(told: Told) -> list[dict[str, Any]]:
    return [
        each
        for suite in (1, 2)
        for name in ("exchange", "directory")
        for each in told(f"{name}-suite{suite}")["statements"]
    ]


def test_each_table_makes_the_statements_of_the_vectors(told: Told, tabled: dict[str, list[Row]]) -> None:
    for vector in stated(told):
        made = statement(vector["label"], tabled[vector["label"]], vector["fields"])
        assert made.hex() == vector["statement"], vector["label"]


def test_each_table_has_a_vector_and_each_row_a_field_of_it(told: Told, tabled: dict[str, list[Row]]) -> None:
    fields: dict[str, set[str]] = {}
    for vector in stated(told):
        fields.setdefault(vector["label"], set()).update(vector["fields"])
    assert set(tabled) == set(fields)
    assert {label: {row.field for row in rows} for label, rows in tabled.items()} == fields


def test_a_signature_is_ed25519_over_the_statement(told: Told) -> None:
    signed = [vector for vector in stated(told) if "signature" in vector]
    assert {vector["label"].removeprefix("warifu-v1/") for vector in signed} == {
        "inquiry",
        "permit",
        "answer",
        "issue",
        "rotation",
        "conversion",
        "directory-entry",
        "directory-entry-hub",
    }
    for vector in signed:
        made = by_hand.signature(bytes.fromhex(vector["seed"]), bytes.fromhex(vector["statement"]))
        assert made.hex() == vector["signature"], vector["label"]


def test_a_key_id_is_the_beginning_of_the_entrys_statement(told: Told) -> None:
    entries = [vector for vector in stated(told) if "key_id" in vector]
    assert len(entries) == 2
    assert [vector["statement"][:16] for vector in entries] == [vector["key_id"] for vector in entries]


def test_the_root_signs_a_headers_digest_with_ecdsa(told: Told, suite: int) -> None:
    directory = told(f"directory-suite{suite}")
    key = load_pem_x509_certificate(directory["root"]["certificate"].encode()).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    digests = [vector["statement"] for vector in directory["statements"] if vector["label"].endswith("-header")]
    assert digests == [version["header_digest"] for version in directory["versions"]]
    for version in directory["versions"]:
        signature, digest = (bytes.fromhex(version[name]) for name in ("root_signature", "header_digest"))
        key.verify(signature, digest, ec.ECDSA(hashes.SHA256()))


def test_a_permission_tables_digest_does_not_see_marks_and_ends_of_lines(told: Told) -> None:
    (vector,) = (each for each in told("labels")["labels"] if each["label"] == "warifu-v1/permission-table")
    (step,) = vector["steps"]
    table = bytes.fromhex(step["file"]).removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    assert by_hand.digest("warifu-v1/permission-table", table).hex() == vector["value"]
