"""Kinds that no package describes, and clerks who decide in the business system, over real mutual TLS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.protobuf.wrappers_pb2 import UInt32Value

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2
from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode
from warifu.pki import Role
from warifu_kit.network.creation import DEFAULT_MEMBERS, Member, create_network


async def test_a_kind_that_no_package_describes_is_answered_for_by_its_business_system(
    tmp_path: Path, refused: Any, town_at: Any, begin_office: Any
) -> None:
    pension = Member(
        party="pension",
        role=Role.AGENCY,
        kind="pension",
        name="Pension service (SIMULATED)",
        institution=InstitutionCode.build(5, None, 1),
    )
    members = [each for each in DEFAULT_MEMBERS if each.party not in {"tax", "insurance"}]
    create_network(tmp_path / "net", members=(*members, pension))
    town = town_at(tmp_path / "net")
    await town.start()
    office = await begin_office(town, "pension")
    coverage = UInt32Value(value=240)
    office.say = lambda request: office.good(
        request, fiscal_year=0, record_type=coverage.DESCRIPTOR.full_name, record=coverage.SerializeToString()
    )
    numbers = await town.my_numbers(1)
    for party, options in (("childcare", {}), ("pension", {"adapter": office.endpoint})):
        await town.start_node(party, **options)
        await town.acquire(party, numbers)
    asked = {"provider": town.code("pension"), "item_code": "TM99000000000004"}
    result = await town.client("childcare").inquire(town.inquiry(0, **asked))
    assert result.record_type == "google.protobuf.UInt32Value"
    assert UInt32Value.FromString(result.record) == coverage
    assert town.nodes["pension"].adapter.absence() is None
    for wrong in ({"record": b"x" * 1_000_001}, {"record_type": ""}, {"record_type": "a type"}):
        office.say = lambda request, wrong=wrong: office.good(request, fiscal_year=0, **wrong)
        error = await refused(town.client("childcare").inquire(town.inquiry(0, **asked)))
        assert error.where == "provider: ADAPTER_ANSWER_INVALID"
    await town.stop_node("pension")
    with pytest.raises(WarifuError, match="agency kind 'pension' is not known"):
        await town.start_node("pension")


async def test_what_its_clerk_released_is_given_also_when_it_failed_in_between(office: Any, refused: Any) -> None:
    town, asking = office.town, office.town.inquiry(0)
    childcare = town.client("childcare")
    office.say = office.held
    assert (await childcare.inquire(asking)).state == node_pb2.INQUIRY_STATE_PENDING
    assert (await childcare.fetch_answer(asking.request_id, wait=10)).state == node_pb2.INQUIRY_STATE_PENDING
    await office.stop()  # nobody can say what was decided: it waits on
    assert (await childcare.fetch_answer(asking.request_id, wait=10)).state == node_pb2.INQUIRY_STATE_PENDING
    await office.start(town.path / "tax-system")
    office.decision, office.say = adapter_pb2.PROVISION_DECISION_RELEASE, office.failing
    error = await refused(childcare.fetch_answer(asking.request_id, wait=10))
    assert error.where == "provider: ADAPTER_ANSWER_INVALID"
    office.say = office.held
    fetched = await childcare.fetch_answer(asking.request_id, wait=10)
    assert LocalTaxRecord.FromString(fetched.record).total_income_yen == 7_000_000
    (record,) = await town.client("tax").exchange_records()
    assert record.outcome == node_pb2.EXCHANGE_OUTCOME_ANSWERED


async def test_what_its_clerk_refused_is_refused(office: Any, refused: Any) -> None:
    town, asking = office.town, office.town.inquiry(0)
    office.say, office.decision = office.held, adapter_pb2.PROVISION_DECISION_REFUSE
    assert (await town.client("childcare").inquire(asking)).state == node_pb2.INQUIRY_STATE_PENDING
    error = await refused(town.client("childcare").fetch_answer(asking.request_id, wait=10))
    assert error.reason is Reason.RELEASE_REFUSED
