"""A scenario file: what it comes to, and where a fault in one is."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, MunicipalityCode
from warifu_kit.people.municipalities import municipalities
from warifu_kit.scenario.file.expectations import MEASURES
from warifu_kit.scenario.file.fault_words import CONDITIONS, NEEDS_REAL_CLOCK, fault_words
from warifu_kit.scenario.file.nation import nation
from warifu_kit.scenario.file.reading import load_scenario, scenario_schema
from warifu_kit.scenario.file.scenario import Scenario
from warifu_kit.scenario.file.shape import Nation

Asked = Callable[..., Scenario]

GOOD = """question: "What comes of it, in a test?"
general: {seed: 7, duration: 60s}
network: {members: two-of-each}
traffic: [{row: R01, inquirer: childcare-takamatsu, provider: tax-takamatsu, arrivals: {process: poisson, rate: 5/s}}]
"""


def faults(tmp_path: Path, text: str) -> list[str]:
    """What is wrong with a file, without its name."""
    file = tmp_path / "bad.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(WarifuError) as refused:
        load_scenario(file)
    assert refused.value.reason is Reason.CONFIG_INVALID
    return [fault.partition("bad.yaml:")[2] for fault in refused.value.where.split("; /")]


def test_names_of_a_file_are_found(asked: Asked) -> None:
    scenario = asked()
    (stream,) = scenario.streams
    assert [scenario.institutions[place].name for place in stream.inquirers] == ["childcare-takamatsu"]
    assert [scenario.institutions[place].name for place in stream.providers] == ["tax-takamatsu"]


def test_who_is_not_named_is_everybody_whom_the_row_lets(asked: Asked) -> None:
    (stream,) = asked("traffic: [{row: R01, provider: tax, arrivals: {process: poisson, rate: 5/s}}]").streams
    assert (len(stream.inquirers), len(stream.providers)) == (2, 2)


def test_another_seed_can_be_given(tmp_path: Path) -> None:
    file = tmp_path / "good.yaml"
    file.write_text(GOOD, "utf-8")
    assert (load_scenario(file).seed, load_scenario(file, seed=8).seed) == (7, 8)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("seed: 7", "sed: 7", "2 general.sed is not a field here: did you mean seed?"),
        ("seed: 7", "seed: x", "2 general.seed should be a valid integer"),
        ("60s", "60", "2 general.duration should be a length of time with its unit, such as 50ms, 30s, 2h or 1d"),
        ("two-of-each", "three-of-each", "3 network.members names no good list: three-of-each: no such file"),
        ("row: R01", "row: R99", "4 traffic[0].row is no row of the permission table: did you mean R"),
        ("row: R01", "row: R02", "4 traffic[0].provider is none whom the row lets: it has residence"),
        ("tax-takamatsu", "tax-takamtsu", "provider is no institution of this network: did you mean tax-takamatsu?"),
        ("childcare-takamatsu", "tax", "4 traffic[0].inquirer is none whom the row lets: it has childcare"),
        ("rate: 5/s", "rate: 5", "4 traffic[0].arrivals.rate should be a rate with its unit"),
        ("rate: 5/s", "rat: 5/s", "4 traffic[0].arrivals.rat is not a field here: did you mean rate?"),
        ("process: poisson", "process: poison", "4 traffic[0].arrivals names none of the kinds known here"),
        ("duration: 60s", "duration: 60s, clock: real", "2 general.clock is real, and this version plays"),
        ("row: R01", "at: 2h, row: R01", "4 traffic[0].at should be less than general.duration"),
        ("process: poisson, rate: 5/s", "process: life_events, event: move", "is not among population.life_events"),
        ("process: poisson, rate: 5/s", "process: replay, file: no.csv", "arrivals.file cannot be read"),
    ],
)
def test_a_fault_is_told_with_its_line_and_what_was_expected(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in GOOD
    assert any(told in fault for fault in faults(tmp_path, GOOD.replace(old, new)))


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("faults: [{at: 1s, for: 1s, who: hub, what: crsh}]", "5 faults[0].what is no fault: did you mean crash?"),
        ("faults: [{at: 1s, for: 1s, who: hub, what: tamper}]", "tamper is for real parties"),
        ("faults: [{at: 1s, for: 1s, who: hub, what: 'delay:1s+skew:5s'}]", "skew is for real parties"),
        ("faults: [{at: 1s, for: 1s, who: hub, what: 'delay:1'}]", "is no length of time"),
        ("faults: [{at: 1s, for: 1s, who: hub, what: 'overload:100%'}]", "something must be left"),
        ("faults: [{at: 1s, for: 1s, who: hub, what: partition}]", "5 faults[0].who should be who is cut off"),
        ("faults: [{at: 1s, for: 1s, who: hug, what: crash}]", "5 faults[0].who is no institution of this network"),
        ("faults: [{at: 1h, for: 1s, who: hub, what: crash}]", "5 faults[0].at should be less than general.duration"),
        (
            "adversaries: [{name: spy, holds: [hub]}]",
            "5 adversaries are read, and no engine of this version plays them",
        ),
        ('expect: {p98: "<= 1s"}', "5 expect.p98 is nothing that is measured: did you mean p9"),
        ('expect: {p99: "1s"}', "5 expect.p99 should be a comparison and a value"),
        ('expect: {p99: "<= 1%"}', "5 expect.p99 should be a length of time"),
        ('expect: {pending: "<= 2%"}', "5 expect.pending should end in a whole number, for it counts exchanges"),
        ("expect: [p99]", "5 expect should be measures with their bounds"),
    ],
)
def test_faults_adversaries_and_expectations_are_read_as_strictly(tmp_path: Path, lines: str, told: str) -> None:
    assert any(told in fault for fault in faults(tmp_path, GOOD + lines + "\n"))


def test_a_faulty_entry_is_one_fault_and_no_entry_is_one(tmp_path: Path) -> None:
    assert faults(tmp_path, GOOD.replace("rate: 5/s", "rate: 5"))[0].count(" should ") == 1
    (told,) = faults(tmp_path, GOOD.partition("traffic:")[0] + "traffic: []\n")
    assert told == "4 traffic should have an entry: nobody would ask anything"


def test_every_fault_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    told = faults(tmp_path, GOOD.replace("60s", "60").replace("rate: 5/s", "rate: 5"))
    assert len("; ".join(told).split("should be a")) == 3


def test_every_name_of_nobody_in_an_entry_is_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("childcare-takamatsu", "childcare-takamtsu").replace("tax-takamatsu", "tax-takamtsu")
    told = "; ".join(faults(tmp_path, text.replace("row: R01", "at: 2h, row: R01")))
    assert told.count("is no institution of this network") == 2
    assert told.count("should be less than general.duration") == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(place=st.integers(0, len(GOOD) - 1), put=st.sampled_from("\0:{}[]-\"'#&*!|>%@` \n\tx0é"))
def test_a_file_with_one_character_changed_is_read_or_told(tmp_path: Path, place: int, put: str) -> None:
    file = tmp_path / "changed.yaml"
    file.write_text(GOOD[:place] + put + GOOD[place + 1 :], "utf-8")
    with suppress(WarifuError):  # nothing else
        load_scenario(file)


@given(st.text(max_size=40))
def test_any_text_is_a_fault_or_told_in_words(text: str) -> None:
    with suppress(ValueError):  # nothing else
        words = fault_words(text)
        assert words.condition in CONDITIONS or words.chain


@pytest.mark.parametrize("word", sorted(NEEDS_REAL_CLOCK))
def test_what_needs_real_parties_is_refused_in_words(word: str) -> None:
    with pytest.raises(ValueError, match="for real parties"):
        fault_words(word)


def test_a_scenario_cannot_be_changed(asked: Asked) -> None:
    scenario = asked()
    with pytest.raises(ValueError, match="frozen"):
        scenario.file.general.seed = 8


def test_the_schema_knows_every_measure_and_is_plain_json() -> None:
    schema = json.loads(json.dumps(scenario_schema()))
    assert set(schema["properties"]["expect"]["properties"]) == set(MEASURES)
    assert schema["additionalProperties"] is False


def test_a_nation_has_every_municipality_once_with_its_real_code() -> None:
    everybody = list(nation(Nation()))
    towns = [each for each in everybody if each.kind == "municipality"]
    codes = {InstitutionCode(each.institution_code).municipality for each in towns}
    assert (len(towns), len(codes)) == (1741, 1741)
    assert codes <= set(municipalities())
    assert {MunicipalityCode("011002"), MunicipalityCode("131016")} <= codes  # Sapporo as a whole, Chiyoda by itself
    assert MunicipalityCode("011011") not in codes  # a ward of Sapporo
    assert sum(each.kind == "prefecture" for each in everybody) == 47
    assert len({each.institution_code for each in everybody}) == len(everybody)


def test_the_sizes_of_a_nation_add_up_and_the_largest_are_designated_cities() -> None:
    towns = [each for each in nation(Nation(people=1_000_000)) if each.kind == "municipality"]
    assert sum(each.weight for each in towns) == pytest.approx(1_000_000)
    names = {str(code): place.name for code, place in municipalities().items()}
    largest = {names[each.name.removeprefix("municipality-")] for each in towns[:20]}
    assert {"横浜市", "大阪市", "札幌市"} <= largest
    assert [each.weight for each in towns] == sorted((each.weight for each in towns), reverse=True)
