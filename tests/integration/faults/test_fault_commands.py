"""How awkward ``warifu up`` is asked to be, and ``warifu fault``, as a person types them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from warifu_kit.cli import app
from warifu_kit.commands.awkward import fault_settings
from warifu_kit.faults.settings import FaultSettings


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def settings_of(**wished: Any) -> FaultSettings | None:
    return fault_settings(**{"awkward": False, "calm": False, "none": False, "seed": None, "knobs": [], **wished})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--awkward", "--calm"], "one of these"),
        (["--calm", "--no-faults"], "one of these"),
        (["--calm", "--knob", "delay=1"], "in an awkward network only"),
    ],
)
def test_options_that_contradict_each_other_are_refused_before_anything_is_made(
    tmp_path: Any, words: list[str], said: str
) -> None:
    ended = run("up", tmp_path / "net", *words)
    assert ended.exit_code == 2
    assert said in " ".join(ended.output.replace("│", " ").split())
    assert not (tmp_path / "net").exists()


def test_a_knob_that_there_is_not_is_refused_before_anything_is_made(tmp_path: Any) -> None:
    ended = run("up", tmp_path / "net", "--knob", "dely=1")
    assert "knob dely: there is none" in str(ended.exception)
    assert not (tmp_path / "net").exists()


def test_a_network_is_awkward_unless_it_is_asked_to_be_calm() -> None:
    assert settings_of(seed=7) == settings_of(awkward=True, seed=7) == FaultSettings(seed=7)
    assert settings_of(calm=True) == FaultSettings(seed=0, calm=True)
    assert settings_of(none=True) is None


def test_without_a_seed_one_is_drawn_and_the_words_that_repeat_it_say_it() -> None:
    drawn = settings_of(knobs=["delay=0.5"])
    assert drawn is not None
    assert drawn.words() == ["--awkward", "--seed", str(drawn.seed), "--knob", "delay=0.5"]


def test_what_was_asked_for_is_listed_and_taken_back(calm: Any) -> None:
    about = "0a" * 16
    assert run("fault", "add", calm.path, "tax", "AgencyService.Provide", "drop_reply", "--times", 0).exit_code == 0
    assert run("fault", "add", calm.path, "hub", "HubService.Exchange", "skew:5m", "--exchange", about).exit_code == 0
    listed = [json.loads(line) for line in run("fault", "list", calm.path, "--json").stdout.splitlines()]
    assert [(each["party"], each["faults"], each["times"], each["exchange"]) for each in listed] == [
        ("hub", "skew:5m", 1, about),
        ("tax", "drop_reply", 0, ""),
    ]
    assert run("fault", "clear", calm.path, "tax").stdout == "took back 1 rule\n"
    assert run("fault", "clear", calm.path).stdout == "took back 1 rule\n"
    assert run("fault", "list", calm.path).stdout == "no party was asked for a fault\n"


async def test_what_was_done_is_told_by_party_rpc_and_fault(calm: Any, insurer: Any) -> None:
    inquiry = insurer.inquiry()
    await insurer.alone(inquiry, asked="delay:1ms+duplicate")
    told = [json.loads(line) for line in run("fault", "done", calm.path, "--json").stdout.splitlines()]
    (one,) = [each for each in told if each["exchange"] == inquiry.context[2:18].hex()]
    assert (one["party"], one["rpc"], one["by"], one["faults"]) == (
        "hub",
        "HubService.Exchange",
        "call",
        "delay:1ms+duplicate",
    )
    assert "duplicate" in run("fault", "done", calm.path).stdout


def test_a_network_that_takes_no_faults_is_told_how_to(lone_hub: Any) -> None:
    refused = run("fault", "add", lone_hub.path, "hub", "HubService.Exchange", "duplicate")
    assert "take no faults; `warifu up` starts parties that do" in str(refused.exception)


def test_rules_go_on_where_they_were_when_a_party_died(begin_awkward: Any) -> None:
    from warifu_kit.network.party_process import STOP_SECONDS

    net = begin_awkward(FaultSettings(seed=0, calm=True))
    net.ask("tax", "PartyService.GetStatus", "refuse:OVERLOADED", times=0)
    assert run("status", net.path).exit_code == 1
    used = len(net.ledger("tax"))
    assert used >= 1
    first = net.running.parties["tax"].pid
    net.running.kill("tax")
    net.running.parties["tax"].wait_stopped(STOP_SECONDS)
    while net.running.parties["tax"].pid == first or not net.running.parties["tax"].is_ready:
        net.running.check()
    assert run("status", net.path).exit_code == 1
    assert len(net.ledger("tax")) > used
