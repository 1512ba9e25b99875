"""A hub that permits what the table forbids gets no answer, is noticed, and its log convicts it.

The hub is the real one, but that it goes by a table of its own: the check that would keep it from starting is taken out.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.errors import Reason, WarifuError
from warifu.exchange.statements import check_permit
from warifu.party.alarms import AlarmKind
from warifu.party.directory_file import read_directory_file
from warifu.permissions.table import PermissionTable
from warifu_hub.app import build_hub, construction
from warifu_kit.audit.permitted import audit_permissions
from warifu_services.node.app import build_node
from warifu_services.node.evidence_store import EvidenceStore

OF_HOUSING = "JT99000000000007"


@pytest.fixture
async def dishonest_town(town: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Childcare and tax at a hub whose table lets childcare ask what only a landlord of public housing may."""
    await town.stop_hub()
    table = town.path / "hub" / "permissions.yaml"
    lawful = table.read_text("utf-8")
    assert lawful.count("inquirers: [housing]") >= 1
    table.write_text(lawful.replace("inquirers: [housing]", "inquirers: [housing, childcare]"), "utf-8")
    monkeypatch.setattr(construction, "check_table", lambda *_: None)
    await town.start_hub()
    return town


async def test_an_honest_provider_answers_nothing_that_the_table_forbids(dishonest_town: Any, refused: Any) -> None:
    town = dishonest_town
    error = await refused(town.client("childcare").inquire(town.inquiry(0, procedure_code=OF_HOUSING)))
    assert (error.reason, error.where) == (Reason.PROVIDER_FAILED, "provider: EXCHANGE_NOT_PERMITTED")
    assert await town.client("tax").exchange_records() == []
    assert (await town.client("childcare").inquire(town.inquiry(0))).record


async def test_the_provider_has_an_alarm_and_the_permit_that_the_hub_signed(dishonest_town: Any, refused: Any) -> None:
    town = dishonest_town
    await refused(town.client("childcare").inquire(town.inquiry(0, procedure_code=OF_HOUSING)))
    node = town.nodes["tax"]
    node.lookout.look()
    (alarm,) = [each for each in node.lookout.alarms.standing() if each.kind is AlarmKind.PERMIT_FORBIDDEN]
    (kept,) = EvidenceStore(node.store.database).kept()
    assert alarm.where == f"exchange {kept.processing_number}: EXCHANGE_NOT_PERMITTED"
    permit, directory = ProvisionPermit.FromString(kept.permit), town.folder("tax").directory()
    check_permit(directory.hub_signing_key, permit, kept.inquiry_digest)


async def test_the_log_of_such_a_hub_convicts_it(dishonest_town: Any, refused: Any) -> None:
    town = dishonest_town
    await refused(town.client("childcare").inquire(town.inquiry(0, procedure_code=OF_HOUSING)))
    await town.client("childcare").inquire(town.inquiry(0))
    await town.hub.versions.take()
    leaves = town.hub.store.leaves(0, town.hub.store.leaf_count())
    table = PermissionTable.load(town.path / "tax" / "permissions.yaml")
    audited = audit_permissions(leaves, table, [read_directory_file(town.path / "tax" / "directory.json")])
    assert audited.permitted == 2
    (forbidden,) = audited.forbidden
    assert (forbidden.reason, forbidden.permission_row) == ("EXCHANGE_NOT_PERMITTED", "R09")
    assert (forbidden.inquirer, forbidden.provider) == (town.code("childcare"), town.code("tax"))


@pytest.mark.parametrize("party", ["hub", "tax"])
async def test_neither_hub_nor_node_starts_with_another_table_than_the_directory_names(
    empty_town: Any, party: str
) -> None:
    table = empty_town.path / party / "permissions.yaml"
    table.write_bytes(table.read_bytes() + b"# mine\n")
    assert "not the permission table that the directory names" in _not_started(empty_town, party).where
    table.unlink()
    assert "permissions.yaml" in _not_started(empty_town, party).where


def _not_started(town: Any, party: str) -> WarifuError:
    nobody = "127.0.0.1:1"
    build = build_hub if party == "hub" else partial(build_node, hub=nobody, authority=nobody)
    with pytest.raises(WarifuError) as refused:
        build(town.folder(party))
    assert refused.value.reason is Reason.CONFIG_INVALID
    return refused.value


async def test_a_table_that_is_replaced_while_a_node_runs_is_an_alarm_and_changes_nothing(town: Any) -> None:
    table = town.path / "tax" / "permissions.yaml"
    lawful, lookout = table.read_bytes(), town.nodes["tax"].lookout
    table.write_bytes(lawful.replace(b"inquirers: [childcare]", b"inquirers: [housing]"))
    await town.until(lambda: AlarmKind.PERMISSION_TABLE_REFUSED in {each.kind for each in lookout.alarms.standing()})
    assert (await town.client("childcare").inquire(town.inquiry(0))).record
    table.write_bytes(lawful)
    await town.until(lambda: not lookout.alarms.standing())
