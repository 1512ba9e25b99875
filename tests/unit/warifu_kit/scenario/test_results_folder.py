"""The folder of a run: the same seed gives the same bytes, and what is not complete says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest

from warifu.errors import Reason, WarifuError
from warifu_kit.scenario import running
from warifu_kit.scenario.file.expectations import MEASURES
from warifu_kit.scenario.file.scenario import Scenario
from warifu_kit.scenario.running import need_research, run_into
from warifu_kit.scenario.told import folder as folders
from warifu_kit.scenario.told.folder import INCOMPLETE, seed_there
from warifu_kit.scenario.told.summary import sentences
from warifu_kit.scenario.virtual.costs import Calibration

Asked = Callable[..., Scenario]
Tell = Callable[..., Any]

TRAFFIC = "traffic: [{row: R01, provider: tax, arrivals: {process: poisson, rate: 5/s}}]"
FAULT = 'faults: [{at: 20s, for: 5s, who: tax-takamatsu, what: "delay:1s+unavailable_after", share: 50%}]'
EXPECT = 'expect: {answered: ">= 99%", p50: "<= 1us", recovery: "<= 10s"}'


def contents(path: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in sorted(path.iterdir())}


def test_the_same_seed_gives_the_same_bytes_and_another_others(
    asked: Asked, costs: Calibration, silent: Tell, tmp_path: Path
) -> None:
    for name, seed in (("one", 7), ("again", 7), ("other", 8)):
        run_into(tmp_path / name, asked(TRAFFIC, FAULT, seed=seed), costs, silent, draw=seed == 7)
    one, again, other = (contents(tmp_path / name) for name in ("one", "again", "other"))
    assert sorted(one) == [
        "ends.png",
        "events.parquet",
        "faults.jsonl",
        "hops.png",
        "latency.png",
        "queues.png",
        "reasons.png",
        "report.html",
        "summary.json",
    ]
    assert [name for name in one if one[name] != again[name]] == []
    assert one["events.parquet"] != other["events.parquet"]


def test_a_folder_knows_the_seed_of_the_run_in_it(
    asked: Asked, costs: Calibration, silent: Tell, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    assert seed_there(folder) is None
    run_into(folder, asked(TRAFFIC, seed=8), costs, silent, draw=False)
    assert seed_there(folder) == 8
    (folder / INCOMPLETE).touch()
    assert seed_there(folder) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"seed": "8"}', "\0"])
def test_a_summary_that_no_run_wrote_has_no_seed(tmp_path: Path, text: str) -> None:
    (tmp_path / "summary.json").write_text(text, "utf-8")
    assert seed_there(tmp_path) is None


def test_a_summary_says_what_was_expected_and_what_it_is(
    asked: Asked, costs: Calibration, silent: Tell, tmp_path: Path
) -> None:
    told = run_into(tmp_path / "run", asked(TRAFFIC, FAULT, EXPECT), costs, silent, draw=False)
    assert told == json.loads((tmp_path / "run" / "summary.json").read_text("utf-8"))
    assert set(told["measured"]) == set(MEASURES)
    assert {each["measure"]: each["holds"] for each in told["expect"]} == {
        "answered": True,
        "p50": False,
        "recovery": True,
    }
    assert told["holds"] is False
    assert sum(told["ends"].values()) == told["exchanges"]
    assert told["faults"][0]["met"] == told["failed_attempts"]["PROVIDER_FAILED"] > 0
    assert any(line.startswith("MISSED  p50 <= 1us (it is ") for line in sentences(told))


def test_every_file_of_figures_says_simulated(asked: Asked, costs: Calibration, silent: Tell, tmp_path: Path) -> None:
    run_into(tmp_path / "run", asked(TRAFFIC, FAULT), costs, silent, draw=False)
    found = contents(tmp_path / "run")
    for name in ("summary.json", "faults.jsonl"):
        assert b"SIMULATED" in found[name], name
    rows = duckdb.execute(f"SELECT DISTINCT simulated FROM '{tmp_path / 'run' / 'events.parquet'}'").fetchall()
    assert rows == [(True,)]


class Shown(HTMLParser):
    """What a browser shows of a page before its programs draw: text, and where they will draw."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.title = ""
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(tag)
        if dict(attrs).get("id") == "vega-chart":
            self.text.append("(pictures)")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open[-1:] == ["title"]:
            self.title += data
        elif "body" in self._open and not {"script", "style"} & set(self._open) and data.strip():
            self.text.append(data.strip())


def test_the_page_needs_nothing_else_and_shows_mark_question_and_answer_before_its_pictures(
    asked: Asked, costs: Calibration, silent: Tell, tmp_path: Path
) -> None:
    question = "Is <script>alert(1)</script> text?"
    head = f'question: "{question}"\ngeneral: {{{{seed: 1, duration: 20s}}}}\nnetwork: {{{{members: two-of-each}}}}\n'
    run_into(tmp_path / "run", asked(TRAFFIC, EXPECT, head=head), costs, silent)
    page = (tmp_path / "run" / "report.html").read_text("utf-8")
    shown = Shown()
    shown.feed(page)
    assert shown.title == "SIMULATED: asked, seed 1"
    assert shown.text[0].startswith("SIMULATED: a model of a SIMULATED network")
    assert shown.text[1] == question
    assert "exchanges of 8 institutions" in shown.text[2]
    assert "p50 <= 1us" in shown.text
    assert "(pictures)" in shown.text[4:]
    assert not any(f'{word}="http' in page for word in ("src", "href"))


def test_events_are_one_row_an_exchange_with_names(
    asked: Asked, costs: Calibration, silent: Tell, tmp_path: Path
) -> None:
    told = run_into(tmp_path / "run", asked(TRAFFIC, FAULT), costs, silent, draw=False)
    rows = duckdb.execute(f"SELECT * FROM '{tmp_path / 'run' / 'events.parquet'}'").fetchall()
    names = duckdb.execute(f"DESCRIBE SELECT * FROM '{tmp_path / 'run' / 'events.parquet'}'").fetchall()
    events = [dict(zip((name for name, *_ in names), row, strict=True)) for row in rows]
    assert len(events) == told["exchanges"]
    assert [event["at_s"] for event in events] == sorted(event["at_s"] for event in events)
    assert {event["provider"] for event in events} == {"tax-takamatsu", "tax-marugame"}
    visits = ("inquirer_asks_ms", "hub_permits_ms", "provider_answers_ms", "hub_relays_ms", "inquirer_opens_ms")
    calm = [event for event in events if event["attempts"] == 1 and event["took_ms"] < 500]
    assert all(sum(event[visit] for visit in visits) < event["took_ms"] for event in calm)


def test_of_very_many_exchanges_a_sample_is_written_and_said_to_be_one(
    asked: Asked, costs: Calibration, silent: Tell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "MOST_EVENTS", 50)
    told = run_into(tmp_path / "run", asked(TRAFFIC), costs, silent, draw=False)
    assert told["events"] == {"rows": 50, "of": told["exchanges"], "sampled": True}
    counted = duckdb.execute(
        f"SELECT count(*), count(DISTINCT at_s) FROM '{tmp_path / 'run' / 'events.parquet'}'"
    ).fetchall()
    assert counted == [(50, 50)]


def test_a_run_that_is_interrupted_leaves_a_folder_that_says_so_and_can_be_run_again(
    asked: Asked, costs: Calibration, silent: Tell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    run_into(run, asked(TRAFFIC), costs, silent, draw=False)

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(running, "write_summary", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run_into(run, asked(TRAFFIC), costs, silent, draw=False)
    assert "nothing here is a result" in (run / INCOMPLETE).read_text("utf-8")
    assert not (run / "summary.json").exists(), "the result of the run before would pass for this one's"
    run_into(run, asked(TRAFFIC), costs, silent, draw=False)
    assert not (run / INCOMPLETE).exists()


def test_a_folder_with_something_else_in_it_is_left_alone(
    asked: Asked, costs: Calibration, silent: Tell, tmp_path: Path
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("years of work", "utf-8")
    with pytest.raises(WarifuError) as refused:
        run_into(tmp_path / "run", asked(TRAFFIC), costs, silent, draw=False)
    assert refused.value.reason is Reason.PATH_UNUSABLE
    assert [each.name for each in (tmp_path / "run").iterdir()] == ["thesis.txt"]


def test_a_run_without_any_exchange_has_a_folder_all_the_same(
    asked: Asked, costs: Calibration, silent: Tell, tmp_path: Path
) -> None:
    nobody = "traffic: [{row: R01, provider: tax, arrivals: {process: poisson, rate: 0/s}}]"
    told = run_into(tmp_path / "run", asked(nobody, 'expect: {p99: "<= 1s"}'), costs, silent)
    assert told["exchanges"] == 0
    assert told["holds"] is False, "nothing was measured, so nothing was shown"


def test_a_plain_install_is_told_what_scenarios_need(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_RESEARCH", ("numpy", "no_such_library"))
    with pytest.raises(WarifuError, match=r"need no_such_library: pip install 'warifu\[research\]'"):
        running.need_research()


def test_without_what_scenarios_need_it_is_said_how_to_have_it_with_and_without_a_clone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(WarifuError) as refused:
        need_research()
    assert refused.value.reason is Reason.CONFIG_INVALID
    assert "pip install 'warifu[research]', or make dev in a clone" in refused.value.where
