"""A node that was written from the protocol's pages works with the real parties, in both roles and both suites.

It shares no line with ``warifu`` but the generated messages (tests/contract/node_by_hand.py): what stopped it was mended on
the pages.
"""

from __future__ import annotations

import ast
import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.contract.conftest import ROOT
from tests.contract.log_by_hand import Follower
from tests.contract.node_by_hand import NodeByHand, RefusedError, catalogue
from tests.contract.party_by_hand import Party, told
from tests.contract.signed_page import tables

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.api.record.v1.sealed_pb2 import ABSENCE_NOT_HELD, ABSENCE_NOT_PUBLISHED
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer
from warifu.curve.suites import available_suites
from warifu.errors import Reason, WarifuError
from warifu_kit.network.creation import create_network

LOCAL_TAX, CHILD_ALLOWANCE = "TM00000000000002", "JT99000000000001"
Refused = Callable[[Awaitable[Any]], Awaitable[WarifuError]]


@pytest.fixture(scope="session", params=[1, 2], ids=["suite 1", "suite 2"])
def made_network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of each suite in turn."""
    if request.param not in available_suites():
        pytest.skip("suite 1 needs the system's libsodium (package libsodium23), which this machine lacks")
    path: Path = tmp_path_factory.mktemp("made") / "net"
    create_network(path, suite=request.param)
    return path


@pytest.fixture
async def by_hand(empty_town: Any) -> AsyncIterator[Callable[[str], NodeByHand]]:
    """Makes a node by hand of a party of the network that runs."""
    await empty_town.start()
    page = (ROOT / "docs" / "protocol" / "signed.md").read_text("utf-8")
    errors = catalogue((ROOT / "docs" / "errors.json").read_text("utf-8"))
    made: list[NodeByHand] = []

    def make(party: str) -> NodeByHand:
        town = empty_town
        node = NodeByHand(Party(town.path / party, tables(page)), town.hub_endpoint, town.authority_endpoint, errors)
        made.append(node)
        return node

    yield make
    for node in made:
        if node.server is not None:
            await node.server.stop(0)


async def test_it_asks_a_real_provider_through_a_real_hub(
    empty_town: Any, by_hand: Callable[[str], NodeByHand]
) -> None:
    childcare = by_hand("childcare")
    numbers = await empty_town.my_numbers(2)
    await empty_town.start_node("tax")
    await empty_town.acquire("tax", numbers)
    later = empty_town.tax_replica(1, publication_start="2999-01-01")
    await empty_town.client("tax").register_replicas([empty_town.tax_replica(0), later])
    found = []
    for place, number in enumerate(numbers):
        await childcare.acquire(f"C-{place}", number)
        asked, key = childcare.inquiry(f"C-{place}", empty_town.code("tax"), CHILD_ALLOWANCE, LOCAL_TAX)
        found.append(childcare.answered(asked, key, await childcare.send(asked)))
    assert LocalTaxRecord.FromString(found[0].record.record).total_income_yen == 1_000_000
    assert found[1].absence == ABSENCE_NOT_PUBLISHED
    stranger = by_hand("childcare")
    stranger.codes["X"] = stranger.suite.hashed(b"nobody of this network")
    asked, key = stranger.inquiry("X", empty_town.code("tax"), CHILD_ALLOWANCE, LOCAL_TAX)
    assert stranger.answered(asked, key, await stranger.send(asked)).absence == ABSENCE_NOT_HELD


async def test_the_same_bytes_get_the_same_answer_and_others_are_refused(
    empty_town: Any, by_hand: Callable[[str], NodeByHand]
) -> None:
    childcare = by_hand("childcare")
    (number,) = await empty_town.my_numbers(1)
    await empty_town.start_node("tax")
    await childcare.acquire("C-0", number)
    asked, _ = childcare.inquiry("C-0", empty_town.code("tax"), CHILD_ALLOWANCE, LOCAL_TAX)
    assert await childcare.send(asked) == await childcare.send(asked)
    asked.inquirer_signature = bytes(64)
    with pytest.raises(RefusedError) as refused:
        await childcare.send(asked)
    assert (refused.value.reason, refused.value.definite) == ("REQUEST_REUSED", True)


async def test_what_the_hub_does_not_permit_is_refused_definitely(
    empty_town: Any, by_hand: Callable[[str], NodeByHand]
) -> None:
    childcare = by_hand("childcare")
    (number,) = await empty_town.my_numbers(1)
    await childcare.acquire("C-0", number)
    asked, _ = childcare.inquiry("C-0", empty_town.code("insurance"), CHILD_ALLOWANCE, LOCAL_TAX)
    with pytest.raises(RefusedError) as refused:
        await childcare.send(asked)
    assert (refused.value.reason, refused.value.definite) == ("EXCHANGE_NOT_PERMITTED", True)


async def test_it_answers_a_real_inquirer_through_a_real_hub(
    empty_town: Any, by_hand: Callable[[str], NodeByHand], refused: Refused
) -> None:
    tax = by_hand("tax")
    numbers = await empty_town.my_numbers(2)
    for place, number in enumerate(numbers):
        await tax.acquire(f"tax-{place}", number)
    first = tax.row_key(tax.codes["tax-0"])
    tax.record_type = LocalTaxRecord.DESCRIPTOR.full_name
    tax.rows[first] = "tax-0", LocalTaxRecord(fiscal_year=2026, total_income_yen=7).SerializeToString()
    await tax.serve()
    await empty_town.start_node("childcare")
    await empty_town.acquire("childcare", numbers)
    client = empty_town.client("childcare")
    result = await client.inquire(empty_town.inquiry(0))
    assert result.state == node_pb2.INQUIRY_STATE_ANSWERED
    assert LocalTaxRecord.FromString(result.record).total_income_yen == 7
    assert (await refused(client.inquire(empty_town.inquiry(1)))).reason is Reason.RECORD_NOT_HELD
    assert len(tax.given) == 2


async def test_it_answers_permits_that_were_signed_and_proven_together(
    empty_town: Any, by_hand: Callable[[str], NodeByHand], refused: Refused
) -> None:
    tax = by_hand("tax")
    numbers = await empty_town.my_numbers(1)
    await tax.serve()
    await empty_town.start_node("childcare")
    await empty_town.acquire("childcare", numbers)
    sizes, provided = [], tax.provided

    def noted(permit: ProvisionPermit) -> SignedAnswer:
        sizes.append((len(permit.inquiry.inquirer_signature), len(permit.hub_signature), len(permit.conversion_proof)))
        return provided(permit)

    tax.provided = noted  # type: ignore[method-assign]
    client = empty_town.client("childcare")
    for asked in range(8, 88, 8):  # whoever comes alone is signed for alone: until some came together
        errors = await asyncio.gather(*(refused(client.inquire(empty_town.inquiry(0))) for _ in range(8)))
        assert {error.reason for error in errors} == {Reason.RECORD_NOT_HELD}
        assert len(sizes) == asked
        if max(sizes) > (64, 64, 128):
            return
    pytest.fail("none was signed together")


async def test_it_follows_the_log_and_finds_its_own_exchange_there(
    empty_town: Any, by_hand: Callable[[str], NodeByHand]
) -> None:
    empty_town.show_every_leaf()
    await empty_town.stop_hub()
    await empty_town.start_hub()
    childcare = by_hand("childcare")
    (number,) = await empty_town.my_numbers(1)
    await empty_town.start_node("tax")
    await childcare.acquire("C-0", number)
    async with childcare.to_hub() as channel:
        follower = Follower(childcare.party, channel)
        assert await follower.compare() == []
        asked, _ = childcare.inquiry("C-0", empty_town.code("tax"), CHILD_ALLOWANCE, LOCAL_TAX)
        response = await childcare.send(asked)
        (known,) = await follower.compare()
        assert (known.provided, known.processing_number) == (False, response.processing_number)
        permitted, answered = await follower.leaves_of(empty_town.code("childcare"), asked.context[2:18])
    stated = childcare.party.stated
    assert permitted.inquiry_digest == stated("inquiry-digest", told(asked))
    fields = told(response.answer) | {"asked": permitted.inquiry_digest.hex()}
    fields["processing_number"] = response.processing_number
    assert answered.answer_digest == stated("answer-digest", fields)


async def test_it_takes_the_directory_from_the_hub_and_sees_it_in_the_log(
    empty_town: Any, by_hand: Callable[[str], NodeByHand]
) -> None:
    await empty_town.hub.versions.take(empty_town.hub.standing.check)  # as a hub does that starts
    childcare = by_hand("childcare")
    async with childcare.to_hub() as channel:
        follower = Follower(childcare.party, channel)
        await follower.compare()
        assert await follower.take_versions(held=0) == childcare.party.directory


async def test_what_it_refuses_is_told_by_the_hub_as_the_providers_failure(
    empty_town: Any, by_hand: Callable[[str], NodeByHand], refused: Refused
) -> None:
    tax = by_hand("tax")
    numbers = await empty_town.my_numbers(1)
    await tax.serve()
    await empty_town.start_node("childcare")
    await empty_town.acquire("childcare", numbers)

    def refuse(permit: ProvisionPermit) -> SignedAnswer:
        raise RefusedError("CLOCK_SKEWED", "permit.permit_time")

    tax.provided = refuse  # type: ignore[method-assign]
    error = await refused(empty_town.client("childcare").inquire(empty_town.inquiry(0)))
    assert (error.reason, error.definite) == (Reason.PROVIDER_FAILED, False)
    assert "CLOCK_SKEWED" in error.where


def test_it_shares_nothing_with_the_code_but_the_protos() -> None:
    imported = set()
    for path in (ROOT / "tests" / "contract").glob("*_by_hand.py"):
        for line in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(line, ast.ImportFrom):
                imported.add(line.module or "")
            elif isinstance(line, ast.Import):
                imported |= {each.name for each in line.names}
    ours = {name for name in imported if name.startswith("warifu")}
    assert {name for name in ours if not name.startswith("warifu.api.")} == set()
    assert json.dumps(sorted(ours)).count("warifu.api") == len(ours) > 5
