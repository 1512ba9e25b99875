"""A real network under a tap, and everything about its residents that the hub must not have.

The plan is the demonstration's, made harsher: a careless registry writes name and address into a field of the payload,
and every household and local number holds a canary. So names travel, sealed, and a hub that opened anything would show.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from warifu.api.record.v1.resident_record_pb2 import ResidentRecord
from warifu.curve.group import Point
from warifu.exchange.codes import row_key
from warifu.exchange.directory import Directory
from warifu.identifiers import ItemCode, MyNumber
from warifu.party.folder import PartyFolder
from warifu_hub.own_keys import OwnKeys
from warifu_hub.translate import Translator
from warifu_kit.blindness.needles import Secret
from warifu_kit.blindness.search import BlindnessReport, BlindnessSearch
from warifu_kit.blindness.tapped_hub import tapped_hub_command
from warifu_kit.demo.agencies import KINDS as AGENCIES
from warifu_kit.demo.offices import Offices, open_offices
from warifu_kit.demo.plan import Plan, make_plan
from warifu_kit.demo.population import Population, populate
from warifu_kit.demo.procedures import ask, new_inquiry, run_procedure
from warifu_kit.demo.progress import teller
from warifu_kit.demo.refusals import run_refusals
from warifu_kit.demo.registrations import AgencyPlan
from warifu_kit.demo.result import Outcome
from warifu_kit.network.network import Network
from warifu_kit.network.party_process import party_command
from warifu_kit.output import Terminal
from warifu_kit.people.residents import AS_OF, Resident, generate
from warifu_services.agencies.tax import LOCAL_TAX
from warifu_services.authority.keys import AuthorityKeys

RESIDENTS, SEED, EPOCH = 40, 11, 1
SHORTEST_RECORD = 16
_LOOKS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """What the parties' key files together say about one resident; no party of the network has all of this."""

    person_id: bytes
    person_point: Point
    codes: Mapping[str, Point]
    row_keys: Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """A network that did its main job, was searched while it still ran, and was stopped.

    ``middle`` is what a search of the hub found when codes had just been issued, ``reports`` what was found at the end,
    by party. Besides ``secrets``, the hub was searched for what it may know, as ``public`` kinds.
    """

    path: Path
    tap: Path
    plan: Plan
    codes: Mapping[int, Codes]
    secrets: Sequence[Secret]
    middle: BlindnessReport
    reports: Mapping[str, BlindnessReport]
    public: frozenset[str] = frozenset({"processing_number", "request_id", "log_event"})


def _search(network: Network, tap: Path, party: str, wanted: Sequence[Secret]) -> BlindnessReport:
    """Search all that a party has: its files and memory, of the hub also the wire."""
    search = BlindnessSearch(wanted)
    if party == "hub":
        search.file("hub wire", tap)
    search.folder(f"{party} files", network.path / party)
    search.memory(f"{party} memory", network.parties[party].pid)
    return search.report()


def _known_to_the_hub(path: Path) -> Iterator[Secret]:
    """What the hub may know, and must be found at it."""
    yield Secret(kind="log_event", owner="hub", value="call_answered")
    with closing(sqlite3.connect(f"{(path / 'hub' / 'hub.sqlite3').as_uri()}?mode=ro", uri=True)) as store:
        for number, request_id in store.execute("SELECT processing_number, request_id FROM exchange"):
            yield Secret(kind="processing_number", owner="hub", value=number)
            yield Secret(kind="request_id", owner="hub", value=request_id)


def _residents() -> list[Resident]:
    """Generated ones, each with a canary in name and address, so that no chance finds them."""
    return [
        replace(each, name=f"{each.name} {secrets.token_hex(6)}", address=f"{each.address} {secrets.token_hex(6)}")
        for each in generate(SEED, RESIDENTS)
    ]


def _with_canaries(plan: Plan) -> Plan:
    agencies = {name: _with_local_canaries(each) for name, each in plan.agencies.items()}
    for held in agencies["residence"].people.values():
        record = ResidentRecord.FromString(held.replica.record)
        record.household_number = f"household {secrets.token_hex(8)}"
        record.relationship_to_head = f"{held.resident.name}／{held.resident.kana}／{held.resident.address}"
        held.replica.record = record.SerializeToString(deterministic=True)

    def local(agency: str, resident: Resident) -> str:
        return agencies[agency].people[resident.resident_number].local_number

    procedures = [
        replace(
            procedure,
            cases=tuple(replace(case, local_number=local(case.agency, case.resident)) for case in procedure.cases),
        )
        for procedure in plan.procedures
    ]
    return replace(
        plan,
        agencies=agencies,
        procedures=tuple(procedures),
        open_case=replace(plan.open_case, local_number=local("childcare", plan.open_case.resident)),
        clerk_case=replace(plan.clerk_case, local_number=local("childcare", plan.clerk_case.resident)),
    )


def _with_local_canaries(plan: AgencyPlan) -> AgencyPlan:
    people = {}
    for number, held in plan.people.items():
        held.replica.local_number = f"local {secrets.token_hex(8)}"
        people[number] = replace(held, local_number=held.replica.local_number)
    return replace(plan, people=people)


async def _main_job(network: Network, plan: Plan, look: Callable[[Population], None]) -> Population:
    """Everybody registered, both procedures, and whatever can go wrong on the way through the hub."""
    with teller(Terminal(quiet=True)) as telling:
        async with open_offices(network.path) as offices:
            population = await populate(offices, plan, telling)
            look(population)
            for procedure in plan.procedures:
                result = await run_procedure(offices, procedure, telling, concurrency=16)
                assert result.total.answered > 0
            await _all_of_it_in_bulk(offices, plan)
            await run_refusals(offices, plan, network.path, telling)
            await _unknown_item(offices, plan)
            network.kill("tax")
            await _while_the_provider_is_away(offices, plan)
            await _replicas_come_again(offices, plan)
    await _procedures_again(network, plan)
    return population


async def _procedures_again(network: Network, plan: Plan) -> None:
    """So that opened codes lie in the agencies' memory."""
    with teller(Terminal(quiet=True)) as telling:
        async with open_offices(network.path) as offices:
            for procedure in plan.procedures:
                await run_procedure(offices, procedure, telling, concurrency=16)


def _search_agencies(network: Network, tap: Path, plan: Plan, wanted: Sequence[Secret]) -> dict[str, BlindnessReport]:
    """Search the agencies until a code is found in one's memory: on a busy machine others may have taken its place."""
    reports: dict[str, BlindnessReport] = {}
    for look in range(_LOOKS):
        if look:
            asyncio.run(_procedures_again(network, plan))
        reports = {agency: _search(network, tap, agency, wanted) for agency in AGENCIES}
        if any("code" in report.kinds_found() or report.forbidden for report in reports.values()):
            break
    return reports


async def _all_of_it_in_bulk(offices: Offices, plan: Plan) -> None:
    """What the child allowance office asks, once more, as a night's batch: on streams of its own at hub and providers."""
    procedure = plan.procedures[0]
    asked = [
        new_inquiry(case.local_number, procedure.procedure_code, offices.institution(provider), item)
        for case in procedure.cases
        for provider, item in case.questions
    ]
    ends = [result.WhichOneof("end") async for result in offices.nodes[procedure.agencies[0]].bulk_inquire(asked)]
    assert ends == ["result"] * len(asked)


async def _unknown_item(offices: Offices, plan: Plan) -> None:
    item, procedure = ItemCode("TM00000000009999"), plan.procedures[0].procedure_code
    inquiry = new_inquiry(plan.open_case.local_number, procedure, offices.institution("tax"), item)
    assert (await ask(offices.nodes["childcare"], inquiry, offices.patience)).reason == "ITEM_UNKNOWN"


async def _while_the_provider_is_away(offices: Offices, plan: Plan) -> None:
    procedure = plan.procedures[0].procedure_code
    inquiry = new_inquiry(plan.open_case.local_number, procedure, offices.institution("tax"), LOCAL_TAX)
    ended = await ask(offices.nodes["childcare"], inquiry, offices.patience)
    assert ended.outcome is Outcome.ANSWERED


async def _replicas_come_again(offices: Offices, plan: Plan) -> None:
    """As each night. A node that was killed has nobody in its memory until somebody comes: the search would miss them."""
    for agency, each in plan.agencies.items():
        await offices.nodes[agency].register_replicas([held.replica for held in each.people.values()])


def _codes(path: Path, population: Population) -> dict[int, Codes]:
    """Every code of every resident, computed from all parties' key files and the authority's store."""
    hub, authority = PartyFolder(path / "hub"), PartyFolder(path / "authority")
    directory = hub.directory()
    keys = AuthorityKeys(directory.group, authority.secret("point.key"))
    translator = OwnKeys.load(hub, directory).translator
    with closing(sqlite3.connect(f"{(authority.path / 'authority.sqlite3').as_uri()}?mode=ro", uri=True)) as store:
        holders = dict(store.execute("SELECT lookup, person_id FROM number"))
    return {
        resident: _codes_of(path, directory, translator, keys, holders[keys.number_lookup(MyNumber(number))])
        for resident, number in population.my_numbers.items()
    }


def _codes_of(path: Path, directory: Directory, translator: Translator, keys: AuthorityKeys, person_id: bytes) -> Codes:
    point = keys.point(person_id)
    codes, row_keys = {}, {}
    for agency in AGENCIES:
        folder = PartyFolder(path / agency)
        factor = translator.factor(folder.settings().institution_code, EPOCH)
        codes[agency] = directory.group.multiply(factor, point)
        row_keys[agency] = row_key(folder.secret("row.key"), codes[agency])
    return Codes(person_id=person_id, person_point=point, codes=codes, row_keys=row_keys)


def _secrets(path: Path, plan: Plan, population: Population, codes: Mapping[int, Codes]) -> Iterator[Secret]:
    for resident, record_code in zip(plan.residents, plan.record_codes, strict=True):
        number = resident.resident_number
        owner, known = f"resident {number}", codes[number]
        yield Secret(kind="my_number", owner=owner, value=population.my_numbers[number])
        yield Secret(kind="resident_record_code", owner=owner, value=record_code.digits)
        yield Secret(kind="name", owner=owner, value=resident.name)
        yield Secret(kind="kana", owner=owner, value=resident.kana)
        yield Secret(kind="address", owner=owner, value=resident.address)
        yield Secret(kind="person_id", owner=owner, value=known.person_id)
        yield Secret(kind="person_point", owner=owner, value=known.person_point)
        for agency in AGENCIES:
            yield Secret(kind="code", owner=f"{owner} at {agency}", value=known.codes[agency])
            yield Secret(kind="row_key", owner=f"{owner} at {agency}", value=known.row_keys[agency])
    for each in plan.agencies.values():
        for number, held in each.people.items():
            owner = f"resident {number} at {each.agency}"
            yield Secret(kind="local_number", owner=owner, value=held.local_number)
            if len(held.replica.record) >= SHORTEST_RECORD:
                yield Secret(kind="record", owner=owner, value=held.replica.record)
            if each.agency == "residence":
                household = ResidentRecord.FromString(held.replica.record).household_number
                yield Secret(kind="canary", owner=owner, value=household)
    yield from _others_keys(path)


def _others_keys(path: Path) -> Iterator[Secret]:
    """The keys with which the hub could read what it carries."""
    for party, names in {
        "authority": ("point.key", "signing.key"),
        **dict.fromkeys(AGENCIES, ("agency.key", "sealing.key", "signing.key", "row.key", "storage.key")),
    }.items():
        for name in names:
            yield Secret(kind="key", owner=f"{party} {name}", value=PartyFolder(path / party).secret(name))


@pytest.fixture(scope="session")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Observed:
    """What was seen of one network: it runs its main job, is searched and stopped before the first test looks."""
    path, tap = tmp_path_factory.mktemp("blindness") / "network", tmp_path_factory.mktemp("tap") / "hub.tap"
    plan = _with_canaries(make_plan(_residents(), SEED, AS_OF))
    middle: list[BlindnessReport] = []

    def command(party: str, folder: Path, options: Sequence[str]) -> list[str]:
        return tapped_hub_command(folder, tap, options) if party == "hub" else party_command(party, folder, options)

    with Network(path, command=command) as network:

        def look(population: Population) -> None:
            known = list(_secrets(path, plan, population, _codes(path, population)))
            middle.append(_search(network, tap, "hub", known))

        population = asyncio.run(_main_job(network, plan, look))
        codes = _codes(path, population)
        wanted = list(_secrets(path, plan, population, codes))
        more = {"hub": list(_known_to_the_hub(path))}
        others = [party for party in network.parties if party not in AGENCIES]
        reports = {party: _search(network, tap, party, wanted + more.get(party, [])) for party in others}
        reports |= _search_agencies(network, tap, plan, wanted)
        network.check()
    return Observed(path=path, tap=tap, plan=plan, codes=codes, secrets=wanted, middle=middle[0], reports=reports)
