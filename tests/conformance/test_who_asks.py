"""Who asks in a check is somebody whom the network's permission table lets ask, for what, and in which procedure."""

from __future__ import annotations

from pathlib import Path

import pytest

from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode
from warifu.party.network_file import read_network_file
from warifu.permissions.table import DEFAULT_TABLE, PermissionQuery, PermissionTable
from warifu_kit.conformance.adapter_under_check import AdapterUnderCheck
from warifu_kit.conformance.asking import Asking
from warifu_kit.conformance.people import NOBODY, KnownPeople

AGENCIES = ("residence", "tax", "childcare", "insurance")


def asked(network: Path, party: str, people: KnownPeople = NOBODY) -> Asking:
    return AdapterUnderCheck.of(network, party, "127.0.0.1:1", people).asking


def kind_of(network: Path, inquirer: str) -> str:
    """The kind of an institution: as the network names it, else as its made-up code does."""
    parties = read_network_file(network).parties.values()
    named = {str(each.institution_code): each.institution_kind for each in parties}
    numbers = {kind.number: name for name, kind in PermissionTable.load(DEFAULT_TABLE).kinds.items()}
    return named.get(inquirer) or numbers[InstitutionCode(inquirer).kind_number or 0]


@pytest.mark.parametrize("party", [each for each in AGENCIES if each != "childcare"])
def test_the_table_permits_what_is_asked_of_each_kind(adapter_network: Path, party: str) -> None:
    asking = asked(adapter_network, party)
    query = PermissionQuery(
        inquirer_kind=kind_of(adapter_network, asking.inquirer),
        procedure_code=ProcedureCode(asking.procedure_code),
        provider_kind=party,
        item_code=ItemCode(asking.item_code),
    )
    assert PermissionTable.load(DEFAULT_TABLE).decide(query).procedure_code == asking.procedure_code


def test_a_kind_of_which_the_table_opens_nothing_is_asked_by_some_agency(adapter_network: Path) -> None:
    assert kind_of(adapter_network, asked(adapter_network, "childcare").inquirer) in AGENCIES


def test_the_procedure_of_the_people_s_file_says_who_asks(adapter_network: Path) -> None:
    insurers = KnownPeople(procedure_code="JT99000000000004")
    asking = asked(adapter_network, "tax", insurers)
    assert asking.procedure_code == "JT99000000000004"
    assert kind_of(adapter_network, asking.inquirer) == "insurance"


@pytest.mark.parametrize("party", AGENCIES)
def test_others_who_may_ask_for_the_same_are_of_this_town_and_of_another_and_never_itself(
    adapter_network: Path, party: str
) -> None:
    about = AdapterUnderCheck.of(adapter_network, party, "127.0.0.1:1", NOBODY)
    assert any(each.procedure_code == about.asking.procedure_code for each in about.also_asking)
    for each in about.also_asking:
        assert each != about.asking
        assert each.inquirer != str(about.system.institution)
        if party != "childcare":  # of which the table opens nothing
            query = PermissionQuery(
                inquirer_kind=kind_of(adapter_network, each.inquirer),
                procedure_code=ProcedureCode(each.procedure_code),
                provider_kind=party,
                item_code=ItemCode(each.item_code),
            )
            assert PermissionTable.load(DEFAULT_TABLE).decide(query).procedure_code == each.procedure_code


def test_where_the_network_has_nobody_of_that_kind_one_is_made_up(adapter_network: Path) -> None:
    asking = asked(adapter_network, "tax", KnownPeople(procedure_code="JT99000000000007"))
    assert kind_of(adapter_network, asking.inquirer) == "housing"


@pytest.mark.parametrize(
    ("people", "said"),
    [
        (KnownPeople(procedure_code="JT99000000000018"), "in procedure_code JT99000000000018; in these: JT"),
        (KnownPeople(item_code="TM99999999999999"), "lets nobody ask tax for item_code TM99999999999999"),
    ],
    ids=["procedure", "item"],
)
def test_what_nobody_may_ask_is_said_before_anything_is_asked(
    adapter_network: Path, people: KnownPeople, said: str
) -> None:
    with pytest.raises(WarifuError) as refused:
        asked(adapter_network, "tax", people)
    assert refused.value.reason is Reason.CONFIG_INVALID
    assert said in refused.value.where
