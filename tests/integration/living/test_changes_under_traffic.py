"""What changes in a network that is asked without a pause: each time no exchange fails, and in the end all sides agree.

The tests stand in one network and leave it changed; each works alone, and in any order.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.client import NetworkDescription, NodeClient
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, MunicipalityCode
from warifu.party.network_file import read_network_file
from warifu.pki import Role
from warifu_kit.cli import app
from warifu_kit.network import joining, rotation
from warifu_kit.network.custody import renew, revoke
from warifu_kit.network.joining import add_member, remove_member, wait_up
from warifu_kit.network.one_party import Member

ALSO_CHILDCARE = pytest.param("childcare", marks=pytest.mark.slow)
ALL_KEYS = rotation.AgencyKeys(agency_key=True, sealing_key=True, signing_key=True)
SERIALS = itertools.count(2)


def another_tax_office() -> Member:
    serial = next(SERIALS)
    return Member(
        party=f"tax-{serial}",
        role=Role.AGENCY,
        kind="tax",
        name="Another local tax office (SIMULATED)",
        institution=InstitutionCode.build(2, MunicipalityCode("011002"), serial),
    )


def one_question(living: Any, provider: InstitutionCode) -> node_pb2.Inquiry:
    planned = living.town.plan.procedures[0]
    case = next(case for case in planned.cases if not case.clerk_needed)
    (item_code,) = (item for party, item in case.questions if party == "tax")
    return node_pb2.Inquiry(
        request_id=secrets.token_bytes(16),
        local_number=case.local_number,
        procedure_code=planned.procedure_code,
        provider=provider,
        item_code=item_code,
    )


async def test_one_joins_is_asked_and_leaves(living: Any, tmp_path: Path) -> None:
    member = another_tax_office()
    await living.changed_under_traffic(lambda: add_member(living.path, member))
    assert await asyncio.to_thread(wait_up, living.path, member.party, 30) is not None
    inquiry = one_question(living, member.institution)
    with pytest.raises(WarifuError) as answered:
        await living.offices.nodes["childcare"].inquire(inquiry)
    assert answered.value.reason is Reason.RECORD_NOT_HELD
    async with NodeClient(NetworkDescription.load(living.path).to_node(member.party)) as joined:
        records = await joined.exchange_records()
    assert [record.request_id for record in records] == [inquiry.request_id]
    living.of_those_who_left[member.institution] = records
    await living.changed_under_traffic(lambda: remove_member(living.path, member.party))
    with pytest.raises(WarifuError) as refused:
        await living.offices.nodes["childcare"].inquire(one_question(living, member.institution))
    assert refused.value.reason is Reason.INSTITUTION_UNKNOWN
    assert member.party in read_network_file(living.path).former_parties
    assert (living.path / member.party / "node.sqlite3").exists()


@pytest.mark.parametrize("party", ["tax", ALSO_CHILDCARE])
async def test_an_agency_gets_other_keys(living: Any, party: str) -> None:
    await living.changed_under_traffic(lambda: rotation.rotate_agency_keys(living.path, party, ALL_KEYS))


@pytest.mark.parametrize("party", ["residence", ALSO_CHILDCARE])
async def test_an_agency_gets_other_codes(living: Any, party: str) -> None:
    def rotate() -> int:
        rotation.announce_codes(living.path, party)
        rotation.wait_codes_ready(living.path, party, 60)
        return rotation.put_codes_in_force(living.path, party)

    await living.changed_under_traffic(rotate)


async def test_codes_are_rotated_of_a_node_that_nobody_keeps_up_from_this_folder(
    living: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining, "is_up", lambda path: False)  # it runs on a host of its own, for all the command knows
    rotate = ["keys", "rotate", str(living.path), "insurance", "--codes"]
    ended = await asyncio.to_thread(CliRunner().invoke, app, rotate)
    assert (ended.exit_code, "of the directory has it" in ended.stdout) == (0, True), ended.output
    await living.changed_under_traffic(lambda: None)


async def test_the_hub_gets_another_opening_key(living: Any) -> None:
    await living.changed_under_traffic(lambda: rotation.rotate_opening_key(living.path))


@pytest.mark.parametrize("party", ["hub", pytest.param("authority", marks=pytest.mark.slow)])
async def test_hub_and_authority_get_other_signing_keys(living: Any, party: str) -> None:
    await living.changed_under_traffic(lambda: rotation.rotate_signing_key(living.path, party))


async def test_the_log_gets_another_key(living: Any) -> None:
    await living.changed_under_traffic(lambda: rotation.rotate_log_key(living.path))


@pytest.mark.parametrize("party", ["hub", "tax", ALSO_CHILDCARE])
async def test_certificates_are_renewed(living: Any, party: str) -> None:
    await living.changed_under_traffic(lambda: renew(living.path, party))


async def test_certificates_of_another_are_taken_back(living: Any) -> None:
    await living.changed_under_traffic(lambda: revoke(living.path, "insurance"))
    await asyncio.to_thread(renew, living.path, "insurance")


async def test_in_the_end_the_log_verifies_and_three_sides_agree(living: Any, tmp_path: Path) -> None:
    await living.changed_under_traffic(lambda: None)
    await living.agrees(tmp_path / "copy")
