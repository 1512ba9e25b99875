"""The messages of the vectors are what parties take: the directory's chain, the permit, the answer, and none with a bit changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from warifu.agency import ProvidedRecord
from warifu.api.directory.v1.directory_service_pb2 import DirectoryFile
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer, SignedInquiry
from warifu.curve.suites import available_suites
from warifu.exchange.directory import Directory
from warifu.exchange.directory_header import check_follows, header_digest
from warifu.exchange.inquiry import open_answer
from warifu.exchange.provision import ProviderKeys, check_fresh, check_permit, open_query, open_row_key
from warifu.exchange.seal import SealingKey
from warifu.exchange.signature import SigningKey
from warifu.exchange.statements import inquiry_digest
from warifu.identifiers import InstitutionCode

Told = Callable[[str], dict[str, Any]]


@pytest.fixture(autouse=True)
def _calculable(suite: int) -> None:
    if suite not in available_suites():
        pytest.skip("suite 1 needs the system's libsodium (package libsodium23), which this machine lacks")


@pytest.fixture
def directory(told: Told, suite: int) -> Directory:
    """The newest version of the vectors, verified as parties verify it."""
    vector = told(f"directory-suite{suite}")
    root, files = vector["root"]["certificate"].encode(), []
    for version in vector["versions"]:
        files.append(DirectoryFile.FromString(bytes.fromhex(version["file"])))
        assert header_digest(files[-1].header).hex() == version["header_digest"]
    check_follows(files[0].header, files[1].header)
    return [Directory.from_message(file, root) for file in files][-1]


def test_the_permit_is_checked_opened_and_found_by_the_keys_of_the_vectors(
    told: Told, suite: int, directory: Directory
) -> None:
    exchange, codes = told(f"exchange-suite{suite}"), told(f"codes-suite{suite}")
    tax = codes["agencies"]["tax"]
    own = directory.entry(InstitutionCode(tax["institution"]))
    keys = ProviderKeys(
        own=own,
        agency_secret=directory.group.decode_scalar(bytes.fromhex(tax["y"])),
        sealing_key=SealingKey.from_bytes(bytes.fromhex(exchange["sealing"]["private"])),
        signing_key=SigningKey(bytes.fromhex(exchange["signing"]["provider"]["seed"])),
        row_secret=bytes.fromhex(codes["exchanging"]["row_secret"]),
    )
    permit = ProvisionPermit.FromString(bytes.fromhex(exchange["messages"]["permit"]))
    checked = check_permit(permit, keys=keys, directory=directory)
    check_fresh(checked, datetime(2026, 6, 15, 3, 1, 30, tzinfo=UTC))
    found = open_row_key(checked, keys, directory)
    assert found is not None
    assert found.hex() == codes["exchanging"]["row_key"]
    query = open_query(checked, keys)
    assert (query.answer_key.hex(), query.fiscal_year) == (exchange["answer_key"]["public"], 2026)


def test_the_answer_is_opened_by_the_key_that_was_in_the_query(told: Told, suite: int, directory: Directory) -> None:
    exchange = told(f"exchange-suite{suite}")
    inquiry = SignedInquiry.FromString(bytes.fromhex(exchange["messages"]["inquiry"]))
    opened = open_answer(
        SignedAnswer.FromString(bytes.fromhex(exchange["messages"]["answer"])),
        context=inquiry.context,
        asked=inquiry_digest(inquiry),
        processing_number="20260615123456789012",
        provider=directory.entry(InstitutionCode("9021310008000002")),
        answer_key=SealingKey.from_bytes(bytes.fromhex(exchange["answer_key"]["private"])),
    )
    assert isinstance(opened.found, ProvidedRecord)
    assert opened.found.record_type == "warifu.api.record.v1.LocalTaxRecord"
