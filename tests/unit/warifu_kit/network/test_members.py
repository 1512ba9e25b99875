"""``members.yaml``: what a file comes to, and where a fault in one is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warifu.agency import installed_kinds
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, MunicipalityCode
from warifu.permissions.table import PermissionTable
from warifu.pki import Role
from warifu_kit.network.creation import DEFAULT_MEMBERS
from warifu_kit.network.members import DEFAULT_LIST, MemberList, joining, load_members, members_schema, shipped
from warifu_kit.network.members_file import MOST_PARTIES, MemberEntry, MembersFile
from warifu_kit.people.municipalities import municipalities

KINDS = PermissionTable.load().kinds
TAX = '{name: tax, kind: tax, municipality_code: "372013"}'
INSURANCE = "{name: insurance, kind: insurance}"
NOWHERE = MunicipalityCode.from_body("37999")

Load = Callable[..., MemberList]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Reads lines as the members of a file."""

    def read(*entries: str, head: str = "") -> MemberList:
        file = tmp_path / "members.yaml"
        file.write_text("\n".join([f"{head}members:", *(f"  - {entry}" for entry in entries)]) + "\n", "utf-8")
        return load_members(str(file), KINDS, installed_kinds())

    return read


def faults(load: Load, *entries: str, head: str = "") -> list[str]:
    """The faults, each without the file's name."""
    with pytest.raises(WarifuError) as refused:
        load(*entries, head=head)
    assert refused.value.reason is Reason.CONFIG_INVALID
    return [fault.rpartition("members.yaml:")[2] for fault in refused.value.where.split("; /")]


def test_the_list_that_is_the_default_makes_the_network_that_nobody_asked_about() -> None:
    assert load_members(DEFAULT_LIST, KINDS, installed_kinds()) == MemberList(members=DEFAULT_MEMBERS, suite=None)


@pytest.mark.parametrize(
    ("name", "agencies", "kinds"),
    [("four-agencies", 4, [1, 1, 1, 1]), ("two-of-each", 8, [2, 2, 2, 2]), ("prefecture", 39, [12, 12, 13, 2])],
)
def test_every_list_that_comes_with_the_kit_can_be_run_here(name: str, agencies: int, kinds: list[int]) -> None:
    members = [each for each in load_members(name, KINDS, installed_kinds()).members if each.role is Role.AGENCY]
    assert len(members) == agencies
    counted = [[m.kind for m in members].count(kind) for kind in ("residence", "tax", "childcare", "insurance")]
    assert counted == kinds
    assert len({member.institution for member in members}) == agencies
    assert all("SIMULATED" in member.name for member in members)


def test_no_other_list_comes_with_the_kit() -> None:
    assert set(shipped()) == {"four-agencies", "two-of-each", "prefecture"}


def test_the_prefecture_has_twelve_real_municipalities() -> None:
    members = load_members("prefecture", KINDS).members
    places = {member.institution.municipality for member in members if member.kind == "residence"}
    assert len(places) == 12
    assert {municipalities()[place].prefecture for place in places if place} == {"香川県"}


def test_hub_authority_and_supervisor_are_there_whether_the_file_names_them_or_not(load: Load) -> None:
    hub, authority, supervisor, tax = load(TAX).members
    assert (hub.party, authority.party, supervisor.party, tax.party) == ("hub", "authority", "supervisor", "tax")
    named, *_ = load('{name: hub, kind: hub, listen: "[::1]:7400", institution_name: Mediator}', TAX).members
    assert (named.listen, named.name, named.institution) == ("[::1]:7400", "Mediator (SIMULATED)", hub.institution)


def test_clones_have_names_and_institution_codes_of_their_own(load: Load) -> None:
    clones = load('{name: tax, kind: tax, municipality_code: "372013", clones: 3}', INSURANCE).members[3:6]
    assert [member.party for member in clones] == ["tax-1", "tax-2", "tax-3"]
    codes = [member.institution for member in clones]
    assert len(set(codes)) == 3
    assert {code.municipality for code in codes} == {"372013"}
    assert {code.kind_number for code in codes} == {KINDS["tax"].number}


def test_a_code_that_is_made_is_none_that_the_file_gives_to_somebody(load: Load) -> None:
    taken = InstitutionCode.build(KINDS["insurance"].number, None, 1)
    made, given_ = load(INSURANCE, f'{{name: other, kind: insurance, institution_code: "{taken}"}}').members[3:]
    assert given_.institution == taken != made.institution


def test_the_suite_is_the_files_or_the_machines(load: Load) -> None:
    assert load(TAX, head="suite: 1\n").suite == 1
    assert load(TAX, head="suite: auto\n").suite is None
    assert load(TAX).suite is None


FAULTS: dict[str, tuple[list[str], str]] = {
    "a kind nobody knows": (
        ['{name: a, kind: police, municipality_code: "372013"}'],
        "2 members[0].kind is no kind of the permission table; there are hub, authority, supervisor, residence, tax, ",
    ),
    "a kind without an adapter": (
        ["{name: pension, kind: pension}"],
        "2 members[0].kind has no adapter installed here; there are adapters for residence, tax, childcare, insurance",
    ),
    "one name twice": (
        [TAX, TAX.replace("372013", "372021")],
        "3 members[1].name is tax, which members[0] is already",
    ),
    "the name of a clone": (
        ["{name: i, kind: insurance, clones: 2}", "{name: i-2, kind: insurance}"],
        "3 members[1].name is i-2, which members[0] is already",
    ),
    "one institution code twice": (
        [f'{{name: {name}, kind: insurance, institution_code: "9040000000000001"}}' for name in "ab"],
        "3 members[1].institution_code is that of members[0] again",
    ),
    "a wrong check digit": (
        ['{name: tax, kind: tax, municipality_code: "372014"}'],
        "2 members[0].municipality_code should be a municipality or prefecture code: six digits whose last checks out",
    ),
    "a code without quotes": (
        ["{name: tax, kind: tax, municipality_code: 372013}"],
        "2 members[0].municipality_code should be text",
    ),
    "a place that is none": (
        [f'{{name: tax, kind: tax, municipality_code: "{NOWHERE}"}}'],
        "2 members[0].municipality_code names a place that no municipality or prefecture is",
    ),
    "no municipality": (
        ["{name: tax, kind: tax}"],
        "2 members[0].municipality_code is missing: tax is a municipal office",
    ),
    "a municipality too many": (
        ['{name: i, kind: insurance, municipality_code: "372013"}'],
        "2 members[0].municipality_code names a municipality: insurance serves all of them",
    ),
    "two municipalities": (
        ['{name: t, kind: tax, municipality_code: "372013", institution_code: "9023720210000001"}'],
        "2 members[0].municipality_code is not the one within institution_code",
    ),
    "a code without the municipality": (
        ['{name: t, kind: tax, institution_code: "1234567890123456"}'],
        "2 members[0].institution_code names no municipality",
    ),
    "an endpoint twice": (
        ['{name: hub, kind: hub, listen: "127.0.0.1:7400"}', f'{TAX[:-1]}, listen: "127.0.0.1:7400"}}'],
        "3 members[1].listen is where members[0] listens already",
    ),
    "an endpoint among all addresses": (
        ['{name: hub, kind: hub, listen: "0.0.0.0:7400"}', f'{TAX[:-1]}, listen: "127.0.0.1:7400"}}'],
        "3 members[1].listen is where members[0] listens already",
    ),
    "no endpoint": ([f"{TAX[:-1]}, listen: nowhere}}"], "2 members[0].listen should be host:port"),
    "a port for clones": (
        [f'{TAX[:-1]}, clones: 2, listen: "127.0.0.1:7400"}}'],
        "2 members[0].listen should have port 0 where there are clones",
    ),
    "a code for clones": (
        ['{name: i, kind: insurance, clones: 2, institution_code: "9040000000000001"}'],
        "2 members[0].institution_code should be left out where there are clones",
    ),
    "more parties than is sane": (
        [INSURANCE, f"{{name: i, kind: insurance, clones: {MOST_PARTIES}}}"],
        f"3 members[1].clones makes party number {MOST_PARTIES + 1}",
    ),
    "a clone count out of bounds": (
        ["{name: i, kind: insurance, clones: 1000000}"],
        f"2 members[0].clones should be less than or equal to {MOST_PARTIES}",
    ),
    "no clone": (["{name: i, kind: insurance, clones: 0}"], "2 members[0].clones should be greater than or equal to 1"),
    "half a clone": (["{name: i, kind: insurance, clones: 1.5}"], "2 members[0].clones should be a valid integer"),
    "a second hub": (["{name: hub2, kind: hub}"], "2 members[0].name should be hub"),
    "an agency called hub": (["{name: hub, kind: insurance}"], "2 members[0].name is taken"),
    "an agency called like a folder of the network": (["{name: root, kind: insurance}"], "2 members[0].name is taken"),
    "a path as name": (['{name: "../x", kind: insurance}'], "2 members[0].name should match pattern"),
    "a control character in what people read": (
        [INSURANCE, '{name: i, kind: insurance, institution_name: "Insurer \\e[31m"}'],
        "3 members[1].institution_name should be 1 to 200 printable characters without blanks around them",
    ),
    "another direction of writing in what people read": (
        ['{name: i, kind: insurance, institution_name: "Insurer \\u202Exat"}'],
        "2 members[0].institution_name should be 1 to 200 printable characters",
    ),
    "two lines in what people read of the hub": (
        ['{name: hub, kind: hub, institution_name: "Hub\\nHub"}'],
        "2 members[0].institution_name should be 1 to 200 printable characters",
    ),
    "nothing but a blank to read": (
        ['{name: i, kind: insurance, institution_name: " "}'],
        "2 members[0].institution_name should be 1 to 200 printable characters",
    ),
    "more than people read": (
        [f"{{name: i, kind: insurance, institution_name: {201 * 'x'}}}"],
        "2 members[0].institution_name should have at most 200 characters",
    ),
    "a supervisor that listens": (
        ['{name: supervisor, kind: supervisor, listen: "127.0.0.1:1"}'],
        "2 members[0].listen should be left out",
    ),
    "a field nobody knows": ([f"{TAX[:-1]}, clone: 2}}"], "2 members[0].clone is not a field here"),
    "no kind": (["{name: tax}"], "2 members[0].kind is missing"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_said_with_its_line_and_field(case: str, load: Load) -> None:
    entries, said = FAULTS[case]
    assert faults(load, *entries)[0].startswith(said)


def test_every_fault_of_a_file_is_said_at_once(load: Load) -> None:
    found = faults(load, "{name: a, kind: police}", TAX.replace("372013", "372014"), "{name: b}")
    assert [fault.split()[:2] for fault in found] == [["3", "members[1].municipality_code"], ["4", "members[2].kind"]]
    assert faults(load, "{name: a, kind: police}", "{name: a, kind: tax}") == [
        *faults(load, "{name: a, kind: police}"),
        "3 members[1].name is a, which members[0] is already",
        "3 members[1].municipality_code is missing: tax is a municipal office, and serves one municipality",
    ]


def test_a_kind_without_an_adapter_can_be_made_for_another_machine(tmp_path: Path) -> None:
    (tmp_path / "members.yaml").write_text("members: [{name: pension, kind: pension}]\n")
    made = load_members(str(tmp_path / "members.yaml"), KINDS)
    assert made.members[-1].kind == "pension"


def test_a_list_that_is_nowhere_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(WarifuError) as refused:
        load_members("three-of-each", KINDS)
    assert "four-agencies, prefecture, two-of-each" in refused.value.where


@given(text=st.text(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_file_holds_it_makes_members_or_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "any.yaml").write_text(text, "utf-8", errors="replace")
    try:
        load_members(str(tmp_path / "any.yaml"), KINDS)
    except WarifuError as error:
        assert error.reason is Reason.CONFIG_INVALID  # noqa: PT017  # either end is right, nothing else is


def test_the_schema_names_every_field_and_no_other() -> None:
    schema = members_schema()
    assert set(schema["properties"]) == set(MembersFile.model_fields)
    entry = schema["$defs"]["MemberEntry"]
    assert set(entry["properties"]) == set(MemberEntry.model_fields)
    assert entry["additionalProperties"] is schema["additionalProperties"] is False
    assert all("description" in about for about in entry["properties"].values())


NUMBERS = {
    "spread_s": "tax",
    "beat_s": "hub",
    "workers": "hub",
    "codes_a_day": "authority",
    "misses_a_day": "authority",
}


@pytest.mark.parametrize("field", NUMBERS)
def test_a_number_is_the_setting_of_one_kind_of_party_and_of_no_other(field: str, load: Load) -> None:
    entries = {
        "hub": f"{{name: hub, kind: hub, {field}: 7}}",
        "authority": f"{{name: authority, kind: authority, {field}: 7}}",
        "tax": TAX.replace("}", f", {field}: 7}}"),
    }
    owner = entries.pop(NUMBERS[field])
    members = {each.party: each for each in load(owner, INSURANCE).members}
    assert [party for party, each in members.items() if getattr(each, field) == 7] == [NUMBERS[field]]
    for entry in entries.values():
        (fault,) = faults(load, entry)
        assert f"members[0].{field} should be left out" in fault


def test_an_agency_may_have_a_business_system_that_answers(load: Load) -> None:
    members = {each.party: each for each in load(TAX.replace("}", ', adapter: "[::1]:7500"}')).members}
    assert members["tax"].adapter == "[::1]:7500"
    assert members["hub"].adapter is None


def test_a_kind_that_no_package_has_may_have_one_too(load: Load) -> None:
    entry = '{name: pension, kind: pension, adapter: "h:1"}'
    assert [each.kind for each in load(entry).members if each.adapter] == ["pension"]


def test_an_agency_that_joins_may_have_one_too() -> None:
    entry = {"name": "tax-naha", "kind": "tax", "municipality_code": "472018", "adapter": "127.0.0.1:7500"}
    (member,) = joining(entry, KINDS, ["tax"], ())
    assert member.adapter == "127.0.0.1:7500"


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (TAX.replace("}", ', adapter: "127.0.0.1:0"}'), "adapter should be host:port"),
        (TAX.replace("}", ", adapter: 7500}"), "adapter should be host:port"),
        (TAX.replace("}", ', clones: 2, adapter: "h:1"}'), "adapter should be left out where there are clones"),
        ('{name: hub, kind: hub, adapter: "h:1"}', "adapter should be left out: it is a setting of the agency"),
    ],
)
def test_an_address_that_no_business_system_can_have_is_refused(entry: str, told: str, load: Load) -> None:
    (fault,) = faults(load, entry)
    assert told in fault


@pytest.mark.parametrize(
    ("kind", "setting"),
    [
        ("tax", "spread_s: 601"),
        ("hub", "beat_s: 31"),
        ("hub", "workers: 17"),
        ("hub", "workers: 0"),
        ("authority", "codes_a_day: 0"),
        ("authority", "misses_a_day: 1.5"),
    ],
)
def test_a_number_out_of_its_range_is_refused(kind: str, setting: str, load: Load) -> None:
    entry = TAX.replace("}", f", {setting}}}") if kind == "tax" else f"{{name: {kind}, kind: {kind}, {setting}}}"
    (fault,) = faults(load, entry)
    assert setting.partition(":")[0] in fault
