"""The plugin in projects of others, as they run it: in processes of their own."""

from __future__ import annotations

import subprocess
import sys

import pytest

ALIKE = """
import anyio
import pytest
from google.protobuf.wrappers_pb2 import UInt32Value
from services.pension import COVERAGE, PensionAgency

from warifu.agency import day_in_japan
from warifu.api.node.v1.node_service_pb2 import Inquiry
from warifu.client import NodeClient
from warifu.clock import day_in_japan
from warifu.errors import WarifuError


@pytest.fixture
def pension(warifu_agency):
    return warifu_agency(PensionAgency)


@pytest.fixture
def parent(warifu_residents):
    return warifu_residents.at("childcare")[0]


def check(pension, received, record):
    assert UInt32Value.FromString(record).value == 240
    assert [query.item_code for query in pension.asked] == [COVERAGE]
    (inquiry,) = received(pension)
    assert (inquiry.inquirer, inquiry.outcome, inquiry.item_code) == ("childcare", "ANSWERED", COVERAGE)
    assert received("tax") == []


async def asked(network, pension, person):
    async with NodeClient(network.to_node("childcare")) as node:
        inquiry = Inquiry(
            request_id=network.request_id(),
            local_number=person.at("childcare"),
            procedure_code=network.procedure("childcare", "pension", COVERAGE),
            provider=network.institution("pension"),
            item_code=COVERAGE,
        )
        while True:
            try:
                return (await node.inquire(inquiry)).record
            except WarifuError as error:
                if error.definite:
                    raise


def test_without_an_event_loop(warifu_network, pension, parent, warifu_received):
    pension.register(parent, UInt32Value(value=240))
    warifu_received.expect(pension, inquirer="childcare", times=1)
    answer = warifu_network.ask("childcare", pension, COVERAGE, parent)
    check(pension, warifu_received, answer.record)


@pytest.mark.asyncio
async def test_with_the_loop_of_pytest_asyncio(warifu_network, pension, parent, warifu_received):
    pension.register(parent, UInt32Value(value=240))
    check(pension, warifu_received, await asked(warifu_network, pension, parent))


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.mark.anyio
async def test_with_the_loop_of_anyio(warifu_network, pension, parent, warifu_received):
    pension.register(parent, UInt32Value(value=240))
    await anyio.sleep(0)
    check(pension, warifu_received, await asked(warifu_network, pension, parent))


def test_the_parties_go_by_the_clock_of_the_test(warifu_network, parent, warifu_clock, warifu_received):
    warifu_clock.advance(days=400)
    warifu_network.ask("childcare", "tax", "TM00000000000002", parent)
    (inquiry,) = warifu_received("tax", outcome="ANSWERED")
    assert inquiry.processing_number[:8] == f"{day_in_japan(warifu_clock.now()):%Y%m%d}"


def test_and_afterwards_by_the_machines(warifu_network, parent, warifu_received):
    assert abs(warifu_network.clock.offset.total_seconds()) == 0
    warifu_network.ask("childcare", "tax", "TM00000000000002", parent)
    warifu_received.expect("tax", times=1, outcome="ANSWERED")


@pytest.mark.warifu(seed=99, residents=3, calm=True)
def test_the_marker_says_who_the_residents_are(warifu_residents):
    assert len(warifu_residents) == 3
    assert {person.seed for person in warifu_residents} == {99}
    assert all("residence" in person.local_numbers for person in warifu_residents)


@pytest.mark.warifu(seed=99, residents=20)
def test_more_of_the_same_seed_are_others_with_numbers_of_their_own(warifu_network, pension, warifu_residents):
    for person in warifu_residents[:3]:
        pension.register(person, UInt32Value(value=240))
    assert len({person.my_number for person in warifu_residents}) == 20
    fewer = warifu_network.people(99, 3)
    assert not {person.my_number for person in fewer} & {person.my_number for person in warifu_residents}
    assert [person.resident.name for person in fewer][0] == warifu_residents[0].resident.name


def test_an_agency_of_a_kind_that_is_there_joins_beside_it(warifu_network, warifu_agency, warifu_residents, warifu_received):
    from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
    from warifu_services.agencies.tax import TaxAgency

    mine, parent = warifu_agency(TaxAgency), warifu_residents.at("childcare", "tax")[0]
    mine.register(parent, LocalTaxRecord(fiscal_year=2025, total_income_yen=1, taxable_income_yen=1))
    answer = warifu_network.ask("childcare", mine, "TM00000000000002", parent)
    assert LocalTaxRecord.FromString(answer.record).total_income_yen == 1
    assert (str(mine), len(warifu_received(mine)), warifu_received("tax")) == ("my-tax", 1, [])


@pytest.mark.warifu(seed=98, residents=14)
def test_it_may_be_there_before_the_residents_who_are_where_they_are_without_it(warifu_agency, request):
    from warifu_services.agencies.childcare import ChildcareAgency

    mine = warifu_agency(ChildcareAgency)
    people = request.getfixturevalue("warifu_residents")
    assert people.at("childcare", "tax")
    assert not any(str(mine) in person.local_numbers or "my-tax" in person.local_numbers for person in people)
"""


def test_one_network_serves_tests_with_any_event_loop_or_none(project: pytest.Pytester) -> None:
    project.makepyfile(test_alike=ALIKE)
    project.runpytest_subprocess().assert_outcomes(passed=9)


FAILING = """
import pytest
from services.pension import COVERAGE, PensionAgency
from google.protobuf.wrappers_pb2 import UInt32Value


class Falling(PensionAgency):
    async def answer(self, query):
        raise ZeroDivisionError("in the adapter")


def test_expects_what_never_happens(warifu_received):
    warifu_received.expect("tax", inquirer="childcare", within=0)


def test_expects_fewer_than_come(warifu_network, warifu_residents, warifu_received):
    person = warifu_residents.at("childcare")[0]
    warifu_received.expect("tax", times=0, within=0)
    warifu_network.ask("childcare", "tax", "TM00000000000002", person)


def test_never_looks_at_its_adapter_that_falls(warifu_network, warifu_agency, warifu_residents):
    pension = warifu_agency(Falling)
    person = warifu_residents.at("childcare")[0]
    pension.register(person, UInt32Value(value=240))
    with pytest.raises(Exception):
        warifu_network.ask("childcare", pension, COVERAGE, person)


def test_asks_its_adapter_that_falls(warifu_network, warifu_agency, warifu_residents):
    pension = warifu_agency(Falling)
    warifu_network.ask("childcare", pension, COVERAGE, warifu_residents.at("childcare", "pension")[0])


def test_expects_a_field_that_there_is_none_of(warifu_received):
    warifu_received.expect("tax", colour="red")


@pytest.mark.warifu(sede=1)
def test_is_marked_by_a_word_that_there_is_none_of(warifu_residents):
    pass


def test_attaches_what_says_no_kind(warifu_agency):
    warifu_agency(object)


@pytest.mark.warifu(residents=0)
def test_asks_for_nobody(warifu_residents):
    pass


def test_has_nothing_to_do_with_it():
    assert False
"""


@pytest.fixture
def failed(project: pytest.Pytester) -> pytest.RunResult:
    project.makepyfile(test_failing=FAILING)
    return project.runpytest_subprocess("--warifu-seed=41")


def test_what_a_test_expected_and_did_not_get_fails_it_and_says_how_to_repeat(failed: pytest.RunResult) -> None:
    failed.assert_outcomes(failed=7, errors=2)
    shown = failed.stdout.str()
    assert "tax was to receive inquirer='childcare' at least once; it received that 0 times" in shown
    assert "tax was to receive any inquiry 0 times; it received that 1 times" in shown
    assert 'raise ZeroDivisionError("in the adapter")' in shown
    assert "the agency of kind pension raised:" in shown
    assert "an inquiry has no colour" in shown
    assert "the marker is warifu(seed=…, residents=…, calm=…)" in shown
    assert "the marker's residents should be a whole number from 1 on" in shown
    assert "object should be an Agency that says its kind" in shown
    repeated = "pytest --warifu-seed=41 'test_failing.py::{}'"
    for name in ("test_expects_what_never_happens", "test_never_looks_at_its_adapter_that_falls"):
        assert repeated.format(name) in shown
    assert repeated.format("test_has_nothing_to_do_with_it") not in shown


def test_the_seed_that_was_shown_gives_the_same_people_numbers_and_keys(project: pytest.Pytester) -> None:
    project.makepyfile(
        test_numbers="""
        def test_numbers(warifu_network, warifu_residents):
            key = (warifu_network.folder / "tax" / "agency.key").read_text()
            print([key, [(each.my_number, each.local_numbers) for each in warifu_residents]])
            raise AssertionError
        """
    )
    printed = []
    for _ in range(2):
        shown = project.runpytest_subprocess("--warifu-seed=41").stdout.str()
        printed.append(shown.partition("Captured stdout call")[2].splitlines()[1])
    assert printed[0] == printed[1]
    assert "residence" in printed[0]


ANSWERED = """
def test_answered(warifu_network, warifu_residents):
    person = warifu_residents.at("childcare")[0]
    assert warifu_network.ask("childcare", "tax", "TM00000000000002", person).record
"""


def test_files_of_a_project_that_are_called_like_pythons_own_are_not_taken_for_them(project: pytest.Pytester) -> None:
    for name in ("select", "socket", "warifu_hub", "services/__init__"):
        (project.path / f"{name}.py").write_text("raise RuntimeError('this is the project, not Python')\n", "utf-8")
    project.makeini("[pytest]\naddopts = --import-mode=importlib -p no:cacheprovider\n")
    project.makepyfile(test_answered=ANSWERED)
    words = [
        sys.executable,
        "-P",
        "-m",
        "pytest",
        "-q",
    ]  # as the command `pytest`, which imports nothing from where it is
    ran = subprocess.run(words, cwd=project.path, capture_output=True, text=True, timeout=110, check=False)
    assert "1 passed" in ran.stdout, ran.stdout + ran.stderr


LIVE = """
from google.protobuf.wrappers_pb2 import UInt32Value
from services.pension import COVERAGE, PensionAgency

from warifu.agency import Absence, ProvidedRecord


class LivePension(PensionAgency):
    keeps_replicas = False

    async def look_up(self, asked):
        if asked.local_number != self.held:
            return Absence.NOT_HELD
        return ProvidedRecord("google.protobuf.UInt32Value", UInt32Value(value=12).SerializeToString())


def test_looked_up(warifu_network, warifu_agency, warifu_residents, warifu_received):
    pension, parent = warifu_agency(LivePension), warifu_residents.at("childcare")[0]
    pension.agency.held = pension.acquire(parent)
    warifu_received.expect(pension, times=1, outcome="ANSWERED")
    answer = warifu_network.ask("childcare", pension, COVERAGE, parent)
    assert UInt32Value.FromString(answer.record).value == 12
    assert [asked.local_number for asked in pension.looked_up] == [pension.agency.held]


def test_the_same_kind_with_replicas_has_a_node_of_its_own(warifu_network, warifu_agency, warifu_residents):
    live, pension, parent = warifu_agency(LivePension), warifu_agency(PensionAgency), warifu_residents.at("childcare")[0]
    live.agency.held = live.acquire(parent)
    pension.register(parent, UInt32Value(value=13))
    answers = [warifu_network.ask("childcare", each, COVERAGE, parent).record for each in (live, pension)]
    assert [UInt32Value.FromString(record).value for record in answers] == [12, 13]
    assert [str(live), str(pension)] == ["pension", "my-pension"]
    assert str(warifu_agency(type("OfNoItem", (LivePension,), {"provides": {}}))) == "my-pension-2"
    assert str(warifu_agency(LivePension)) == "pension"  # each time the node that is there
"""


def test_an_agency_that_keeps_no_replicas_can_be_attached(project: pytest.Pytester) -> None:
    project.makepyfile(test_live=LIVE)
    project.runpytest_subprocess().assert_outcomes(passed=2)


@pytest.mark.parametrize("seed", ["-1", "some", str(10**18)])
def test_what_is_no_seed_is_a_wrong_command_line(project: pytest.Pytester, seed: str) -> None:
    refused = project.runpytest_subprocess(f"--warifu-seed={seed}")
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    assert "--warifu-seed: invalid" in refused.stderr.str()


UNUSED = """
import sys

def test_of_somebody_who_does_not_use_it():
    heavy = {"grpc", "cryptography", "google.protobuf", "nacl", "pydantic", "warifu.errors", "warifu_kit.testing"}
    assert heavy & set(sys.modules) == set()
"""


def test_a_project_that_does_not_use_it_loads_nothing_and_starts_nothing(project: pytest.Pytester) -> None:
    project.makepyfile(test_unused=UNUSED)
    project.runpytest_subprocess().assert_outcomes(passed=1)


def test_importing_the_plugin_loads_nothing_of_warifu() -> None:
    look = "import sys, warifu_kit.pytest_plugin; print(*(name for name in sys.modules if name.startswith('warifu')))"
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True, timeout=60)
    assert set(found.stdout.split()) == {"warifu_kit", "warifu_kit.pytest_plugin"}


def test_what_it_imports_of_others_is_pytest_alone() -> None:
    look = "import sys, warifu_kit.pytest_plugin; print(*(name.partition('.')[0] for name in sys.modules))"
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True, timeout=60)
    assert {"grpc", "google", "cryptography", "nacl", "pydantic", "structlog", "rich"} & set(
        found.stdout.split()
    ) == set()
