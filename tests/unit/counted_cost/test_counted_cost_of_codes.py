"""What converting and opening codes that are issued costs, counted, by the code and by the proof of fifty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.counted_cost.conftest import WORKING, Tally, counting

from warifu.curve.suites import available_suites, group_of
from warifu.exchange.codes import encrypt_code
from warifu.exchange.conversion_proof import Conversion, open_batch
from warifu.identifiers import InstitutionCode
from warifu_hub.translate import HubKeys, Party, Translator

CONVERTED = {"multiply": (6, 2), "base_multiply": (2, 1), "add": (4, 0), "subtract": (0, 1)}
OPENED = {"multiply": (5, 3), "base_multiply": (2, 1), "add": (2, 0), "subtract": (3, 2)}
"""Each code, and each proof, which is about fifty of them."""


@pytest.fixture(params=available_suites(), ids=lambda suite: f"suite{suite}")
def issuing(request: pytest.FixtureRequest) -> Callable[[int], tuple[dict[str, int], dict[str, int]]]:
    """Converts so many codes to one agency at once and opens them there; what that cost the hub, and the agency."""
    group, to = group_of(request.param), Party(InstitutionCode("3032019010000001"))
    secret = group.random_scalar()
    key, translator = group.base_multiply(secret), Translator(group, HubKeys.generate())
    joint = translator.directory_points(to, 1, key).joint_key

    def counted(count: int) -> tuple[dict[str, int], dict[str, int]]:
        codes = [
            encrypt_code(group, group.hash_to_point(bytes([n])), joint, group.random_scalar()) for n in range(count)
        ]
        tally, terms = Tally(), translator.terms(None, to, key)
        translator.convert_batch(
            context=b"", encrypted=codes[:1], from_=None, to=to, to_key=key
        )  # the first is never counted
        with counting(request.param, tally):
            WORKING.set("hub")
            converted, proof = translator.convert_batch(context=b"", encrypted=codes, from_=None, to=to, to_key=key)
            WORKING.set("agency")
            pairs = zip(codes, converted, strict=True)
            made = [Conversion(context=b"", encrypted=given, converted=each) for given, each in pairs]
            open_batch(group, secret, terms, made, proof)
        return dict(tally.done["hub"]), dict(tally.done["agency"])

    return counted


@pytest.mark.parametrize("count", [1, 50])
def test_a_code_that_is_issued_costs_what_is_written_here(issuing: Callable[[int], Any], count: int) -> None:
    converted, opened = issuing(count)
    assert converted == {kind: each * count + shared for kind, (each, shared) in CONVERTED.items()}
    assert opened == {kind: each * count + shared for kind, (each, shared) in OPENED.items()}
