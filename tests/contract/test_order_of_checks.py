"""The provider looks at a permit in the order of docs/protocol/checks.md: of several faults it tells the first."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.contract import protocol_by_hand as by_hand
from tests.contract.party_by_hand import told as fields_of
from tests.contract.signed_page import statement, tables

from warifu.api.directory.v1.directory_service_pb2 import DirectoryFile
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.curve.suites import available_suites
from warifu.errors import WarifuError
from warifu.exchange.directory import Directory
from warifu.exchange.provision import ProviderKeys, check_permit
from warifu.exchange.seal import SealingKey
from warifu.exchange.signature import SigningKey
from warifu.identifiers import InstitutionCode

Told = Callable[[str], dict[str, Any]]
Spoil = Callable[[ProvisionPermit], None]


def context_byte(at: int, value: bytes) -> Spoil:
    def spoil(permit: ProvisionPermit) -> None:
        context = permit.inquiry.context
        permit.inquiry.context = context[:at] + value + context[at + len(value) :]

    return spoil


def set_number(permit: ProvisionPermit) -> None:
    permit.processing_number = "2026"


def set_time(permit: ProvisionPermit) -> None:
    permit.permit_time.nanos = -1


def set_hub_signature(permit: ProvisionPermit) -> None:
    permit.hub_signature = bytes(64)


def set_inquirer_signature(permit: ProvisionPermit) -> None:
    permit.inquiry.inquirer_signature = bytes(64)


ORDER: list[tuple[str, str, str, Spoil]] = [
    ("4.1", "REQUEST_MALFORMED", "permit.inquiry.context.kind", context_byte(1, b"\2")),
    ("4.1", "SUITE_UNKNOWN", "permit.inquiry.context.suite", context_byte(0, b"\7")),
    ("4.1", "INSTITUTION_UNKNOWN", "permit.inquiry.context.provider", context_byte(34, b"8")),
    ("4.1", "REQUEST_MALFORMED", "permit.processing_number", set_number),
    ("4.1", "REQUEST_MALFORMED", "permit.permit_time", set_time),
    ("4.2", "SIGNATURE_INVALID", "permit.hub_signature", set_hub_signature),
    ("4.3", "EPOCH_STALE", "permit.inquiry.context.epoch_from", context_byte(100, b"\0\0\0\x09")),
    ("4.3", "SIGNATURE_INVALID", "inquiry.inquirer_signature", set_inquirer_signature),
    ("4.4", "EPOCH_STALE", "permit.inquiry.context.epoch_to", context_byte(104, b"\0\0\0\x09")),
]
"""Each step of the page with a fault, what it is refused with, and where."""


@pytest.mark.parametrize("first", range(len(ORDER)), ids=lambda place: f"{ORDER[place][0]} {ORDER[place][2]}")
def test_of_all_faults_from_a_step_on_the_first_is_told(
    told: Told, suite: int, page: Callable[[str], str], first: int
) -> None:
    if suite not in available_suites():
        pytest.skip("suite 1 needs the system's libsodium (package libsodium23), which this machine lacks")
    exchange, vector = told(f"exchange-suite{suite}"), told(f"directory-suite{suite}")
    file = DirectoryFile.FromString(bytes.fromhex(vector["versions"][-1]["file"]))
    directory = Directory.from_message(file, vector["root"]["certificate"].encode())
    permit = ProvisionPermit.FromString(bytes.fromhex(exchange["messages"]["permit"]))
    faults = ORDER[first:]
    for _, _, _, spoil in faults:
        spoil(permit)
    seeds = {name: bytes.fromhex(each["seed"]) for name, each in exchange["signing"].items()}
    tabled = tables(page("signed"))
    if set_inquirer_signature not in [spoil for *_, spoil in faults]:
        stated = statement("warifu-v1/inquiry", tabled["warifu-v1/inquiry"], fields_of(permit.inquiry))
        permit.inquiry.inquirer_signature = by_hand.signature(seeds["inquirer"], stated)
    if set_hub_signature not in [spoil for *_, spoil in faults]:
        asked = statement("warifu-v1/inquiry-digest", tabled["warifu-v1/inquiry-digest"], fields_of(permit.inquiry))
        fields = fields_of(permit) | {"asked": asked.hex()}
        stated = statement("warifu-v1/permit", tabled["warifu-v1/permit"], fields)
        permit.hub_signature = by_hand.signature(seeds["hub"], stated)
    own = directory.entry(InstitutionCode("9021310008000002"))
    keys = ProviderKeys(
        own=own,
        agency_secret=directory.group.decode_scalar(bytes.fromhex(told(f"codes-suite{suite}")["agencies"]["tax"]["y"])),
        sealing_key=SealingKey.from_bytes(bytes.fromhex(exchange["sealing"]["private"])),
        signing_key=SigningKey(seeds["provider"]),
        row_secret=bytes(32),
    )
    with pytest.raises(WarifuError) as refused:
        check_permit(permit, keys=keys, directory=directory)
    _, reason, where, _ = faults[0]
    assert (refused.value.reason.value, refused.value.where) == (reason, where)


def test_the_steps_are_in_the_order_of_the_page(page: Callable[[str], str]) -> None:
    section = page("checks").partition("## The provider")[2].partition("## A drawn permit")[0]
    rows = re.findall(r"^\| (4\.\d+) \| .* \| (.*) \|$", section, re.MULTILINE)
    numbers = [tuple(int(part) for part in number.split(".")) for number, _ in rows]
    assert numbers == sorted(numbers)
    at = 0
    for step, reason, *_ in ORDER:
        at = next(place for place in range(at, len(rows)) if rows[place][0] == step and reason in rows[place][1])
