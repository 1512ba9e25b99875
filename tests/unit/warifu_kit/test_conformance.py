"""Verdicts, exit statuses, expected failures and the outputs of a check, without any party."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from warifu.api.adapter.v1.adapter_service_pb2 import LOOK_UP_OUTCOME_FOUND, LookUpResponse
from warifu.errors import Reason, WarifuError
from warifu_kit.conformance.case import Case, CaseEnd, Check, Finished, Turn, Verdict, expect, fail, skip, unknown
from warifu_kit.conformance.evidence import Evidence, Step, cut
from warifu_kit.conformance.evidence import told as told_in_words
from warifu_kit.conformance.outcome import Outcome, expected_failures
from warifu_kit.conformance.output.junit import as_junit
from warifu_kit.conformance.output.page import as_page
from warifu_kit.conformance.output.table import case_lines, progress_line, summary_lines
from warifu_kit.conformance.output.told_json import as_json
from warifu_kit.conformance.registry import PARTIES, cases_of, chosen
from warifu_kit.conformance.runner import run_cases

ROOT = Path(__file__).resolve().parents[3]
ENDED = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


async def passes(handed: Any) -> None:
    handed.noted("looked")


async def fails(handed: Any) -> None:
    expect(False, "it was seen")


async def cannot_tell(handed: Any) -> None:
    raise unknown("it broke off")


async def has_nothing(handed: Any) -> None:
    raise skip("nobody is there")


async def falls_over(handed: Any) -> None:
    raise ValueError("of its own")


async def hangs(handed: Any) -> None:
    await asyncio.Event().wait()


def case(check: Check, name: str = "one", seconds: float = 5.0) -> Case:
    rule: Any = {"rule": "What must hold", "place": "docs/protocol/x.md#y", "mend": "Mend <it>."}
    return Case(case_id=f"adapter.made-up.{name}", title="It holds", check=check, seconds=seconds, **rule)


async def run(*cases: Case, within_s: float = 55.0) -> list[Finished]:
    @asynccontextmanager
    async def prepared(_: Case, evidence: Evidence) -> AsyncIterator[Evidence]:
        yield evidence

    return [each async for each in run_cases(cases, prepared, within_s=within_s)]


def outcome(*verdicts: Verdict, expected: frozenset[str] = frozenset(), words: str = "seen <this>") -> Outcome:
    finished = tuple(
        Finished(
            case=case(passes, f"c{place}"), verdict=verdict, words=words, steps=(Step("sent", "<b>"),), seconds=0.1
        )
        for place, verdict in enumerate(verdicts)
    )
    return Outcome(
        party="adapter", target="127.0.0.1:1", about="made up", version="0", finished=finished, expected=expected
    )


async def test_each_end_has_its_verdict() -> None:
    ended = await run(*(case(each) for each in (passes, fails, cannot_tell, has_nothing, falls_over)))
    assert [each.verdict for each in ended] == [
        Verdict.PASS,
        Verdict.FAIL,
        Verdict.UNKNOWN,
        Verdict.SKIPPED,
        Verdict.UNKNOWN,
    ]
    assert ended[0].steps == (Step("noted", "looked"),)
    assert "ValueError" in ended[4].words


async def test_a_party_that_is_not_there_any_more_fails_nothing_until_it_is_there_again() -> None:
    looks, asked = iter([False, False, True]), list[str]()

    async def is_there() -> bool:
        return next(looks)

    async def is_asked(handed: Any) -> None:
        asked.append("asked")
        await fails(handed) if len(asked) == 1 else await passes(handed)

    @asynccontextmanager
    async def prepared(_: Case, evidence: Evidence) -> AsyncIterator[Evidence]:
        yield evidence

    cases = [case(is_asked, name) for name in ("first", "second", "third")]
    ended = [each async for each in run_cases(cases, prepared, is_there=is_there)]
    assert [each.verdict for each in ended] == [Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS]
    assert ended[0].words.endswith("; after it nobody listens there any more")
    assert ended[1].words == "not begun: nobody listens there any more, since adapter.made-up.first"
    assert not ended[1].begun


async def test_what_takes_too_long_is_unknown_and_never_a_pass() -> None:
    (ended,) = await run(case(hangs, seconds=0.01))
    assert ended.verdict is Verdict.UNKNOWN
    late = await run(case(hangs, seconds=0.02), case(passes), within_s=0.01)
    assert [each.verdict for each in late] == [Verdict.UNKNOWN, Verdict.UNKNOWN]
    assert late[1].words.startswith("not begun")


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        ((Verdict.PASS, Verdict.SKIPPED), 0),
        ((Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN), 1),
        ((Verdict.PASS, Verdict.UNKNOWN), 3),
        ((Verdict.SKIPPED,), 3),
        ((Verdict.PASS, Verdict.SKIPPED, Verdict.SKIPPED), 3),
        ((Verdict.FAIL, Verdict.SKIPPED, Verdict.SKIPPED), 1),
    ],
    ids=str,
)
def test_the_exit_status_is_of_the_worst_end(verdicts: tuple[Verdict, ...], status: int) -> None:
    assert outcome(*verdicts).exit_status == status


def test_a_run_that_looked_at_little_says_so_wherever_it_is_told_and_what_would_help() -> None:
    little = replace(outcome(Verdict.PASS, Verdict.SKIPPED, Verdict.SKIPPED), advice="Say whom it knows.")
    assert [*summary_lines(little)][1:-1] == [
        "LITTLE WAS LOOKED AT: 2 of 3 cases were skipped. Nothing is said of their rules.",
        "       2 seen <this>",
        "    Say whom it knows.",
    ]
    assert as_json(little)["little_looked_at"] is True
    told = {
        each.attrib["name"]: each.attrib["value"] for each in ElementTree.fromstring(as_junit(little)).iter("property")
    }
    assert told == {"looked at": "1 of 3 cases", "little looked at": "True"}
    assert "LITTLE WAS LOOKED AT" in as_page(little, ended=ENDED)
    much = outcome(Verdict.PASS, Verdict.SKIPPED)
    assert not any("LITTLE" in line for line in (*summary_lines(much), as_page(much, ended=ENDED)))


def test_a_failure_that_was_expected_is_looked_at_as_well() -> None:
    expected = frozenset({"adapter.made-up.c0"})
    assert outcome(Verdict.FAIL, Verdict.SKIPPED, expected=expected).exit_status == 0
    assert outcome(Verdict.FAIL, Verdict.SKIPPED, Verdict.SKIPPED, expected=expected).exit_status == 3


async def test_a_case_that_had_little_time_left_says_how_much_and_whose_it_was() -> None:
    (ended,) = await run(case(hangs), within_s=0.05)
    assert re.fullmatch(r"no end within 0\.0[0-9]+ seconds, all that was left of --timeout", ended.words)
    (ended,) = await run(case(hangs, seconds=0.01))
    assert ended.words == "no end within 0.01 seconds"


def test_an_expected_failure_fails_nothing_and_an_expected_one_that_passes_does() -> None:
    expected = frozenset({"adapter.made-up.c0"})
    assert outcome(Verdict.FAIL, Verdict.PASS, expected=expected).exit_status == 0
    surprised = outcome(Verdict.PASS, expected=expected)
    assert (surprised.exit_status, surprised.passed_unexpectedly) == (1, ["adapter.made-up.c0"])
    assert any("take it off" in line for line in summary_lines(surprised))


def test_an_expected_failure_is_told_as_one_wherever_it_is_told() -> None:
    expected = frozenset({"adapter.made-up.c0"})
    told = outcome(Verdict.FAIL, Verdict.PASS, expected=expected)
    assert progress_line(told.finished[0], expected).startswith("XFAIL    adapter.made-up.c0: ")
    assert progress_line(told.finished[0]).startswith("FAIL ")
    lines = list(summary_lines(told))
    assert lines[-1].endswith("1 pass, 0 fail, 1 xfail, 0 unknown, 0 skipped")
    assert not any("FAIL" in line.replace("XFAIL", "") or "to mend" in line for line in lines)
    page = as_page(told, ended=ENDED)
    assert '<span class="xfail">xfail</span> <code>adapter.made-up.c0</code>' in page
    assert 'class="fail"' not in page
    assert as_json(told)["failed_as_expected"] == ["adapter.made-up.c0"]
    assert [ElementTree.fromstring(as_junit(told)).attrib[name] for name in ("failures", "skipped")] == ["0", "1"]


def test_the_list_of_expected_failures_has_remarks_and_no_names_of_nothing(tmp_path: Path) -> None:
    file = tmp_path / "known.txt"
    file.write_text("# all\nadapter.a.b  # later\n\n", "utf-8")
    assert expected_failures(file, frozenset({"adapter.a.b"})) == {"adapter.a.b"}
    with pytest.raises(WarifuError) as refused:
        expected_failures(file, frozenset())
    assert (refused.value.reason, refused.value.where.endswith(":2: no case is called adapter.a.b")) == (
        Reason.FILE_INVALID,
        True,
    )


def test_the_outputs_say_the_same_and_show_what_others_wrote_as_text() -> None:
    told = outcome(Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN, Verdict.SKIPPED, words="seen <this>\x00")
    page = as_page(told, ended=ENDED)
    assert "SIMULATED" in page
    assert "seen &lt;this&gt;" in page
    assert "<b>" not in page
    suite = ElementTree.fromstring(as_junit(told))
    assert [suite.attrib[name] for name in ("tests", "failures", "errors", "skipped")] == ["4", "1", "1", "1"]
    as_object = as_json(told)
    assert as_object["counts"] == {"pass": 1, "fail": 1, "unknown": 1, "skipped": 1}
    assert [each["verdict"] for each in as_object["cases"]] == ["pass", "fail", "unknown", "skipped"]
    assert list(summary_lines(told))[-1].endswith("1 pass, 1 fail, 1 unknown, 1 skipped")


def test_the_page_says_of_whom_and_when_it_is_and_leads_to_what_failed() -> None:
    told = outcome(Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN)
    page = as_page(told, ended=ENDED)
    assert '<meta name="viewport"' in page
    assert f"{told.target}, 2026-03-01 09:30 UTC</title>" in page
    jumps = re.findall(r'href="#([^"]+)"', page)
    assert jumps == [each.case.case_id for each in told.finished[1:]]
    assert all(f'<details id="{case_id}" open>' in page for case_id in jumps)
    assert "<strong>Failed</strong>" in page


def test_failures_that_were_expected_are_named_on_the_page_apart_from_others() -> None:
    told = outcome(Verdict.FAIL)
    expected = as_page(replace(told, expected=frozenset({told.finished[0].case.case_id})), ended=ENDED)
    assert "<strong>Failed</strong>" not in expected
    assert "<strong>Failed, as expected</strong>" in expected
    assert f"<th>expected to fail</th><td>{told.finished[0].case.case_id}</td>" in expected


@pytest.mark.parametrize("party", PARTIES)
def test_every_line_of_the_list_of_cases_fits_80_columns(party: str) -> None:
    lines = [line for case in cases_of(party) for line in case_lines(case)]
    assert [line for line in lines if len(line) > 80] == []


@pytest.mark.parametrize("party", PARTIES)
def test_every_case_has_a_name_of_its_own_and_a_rule_that_stands_somewhere(party: str) -> None:
    cases = cases_of(party)
    assert len({each.case_id for each in cases}) == len(cases) >= 20
    for each in cases:
        assert re.fullmatch(rf"{party}\.[a-z]+(\.[a-z0-9-]+)", each.case_id), each.case_id
        page, _, anchor = each.place.partition("#")
        headings = re.findall(r"^#+ (.*)$", (ROOT / page).read_text("utf-8"), re.MULTILINE)
        anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert anchor in anchors, each.place
        assert all((each.rule, each.mend, each.title))


def test_there_are_as_many_cases_as_promised_and_a_dozen_kinds_of_bad_certificates() -> None:
    assert sum(len(cases_of(party)) for party in PARTIES) >= 60
    for party in ("adapter", "node"):
        assert sum(each.subject == "certificates" for each in cases_of(party)) > 12


def test_cases_are_chosen_by_name_or_subject_and_a_name_of_nothing_is_an_error() -> None:
    cases = cases_of("adapter")
    assert {each.subject for each in chosen(cases, ["dates"])} == {"dates"}
    assert chosen(cases, ["adapter.dates"]) == chosen(cases, ["dates"])
    assert chosen(cases, ["adapter"]) == cases
    assert [each.case_id for each in chosen(cases, ["adapter.dates.first-day"])] == ["adapter.dates.first-day"]
    for name in ("nothing", "adapter.da", "adapter.", ""):
        with pytest.raises(WarifuError) as refused:
            chosen(cases, [name])
        assert refused.value.reason is Reason.CONFIG_INVALID


def test_the_basics_come_first_and_what_looks_back_comes_last() -> None:
    turns = [each.turn for each in cases_of("adapter")]
    assert turns == sorted(turns)
    assert [each.case_id for each in cases_of("adapter") if each.turn is Turn.BASIC] == [
        "adapter.certificates.right",
        "adapter.people.repeated",
        "adapter.people.unknown",
        "adapter.readiness.itself",
        "adapter.records.found",
    ]


def test_evidence_names_what_a_message_numbers() -> None:
    reply = LookUpResponse(outcome=LOOK_UP_OUTCOME_FOUND, record=b"")
    assert told_in_words(reply) == "LookUpResponse(outcome: LOOK_UP_OUTCOME_FOUND)"
    assert "outcome: 99, which is none of the contract" in told_in_words(LookUpResponse(outcome=99))  # type: ignore[arg-type]


def test_what_a_party_says_at_great_length_is_cut_and_moves_no_cursor() -> None:
    assert cut("short") == "short"
    assert cut("\x1b[2J" + "a" * 10_000_000).startswith("\\x1b[2Ja")
    assert len(cut("a" * 10_000_000)) < 700


def test_an_end_says_its_words() -> None:
    assert isinstance(fail("so"), CaseEnd)
    assert fail("so").words == "so"
