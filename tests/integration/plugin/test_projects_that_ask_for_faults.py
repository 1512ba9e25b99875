"""Faults in projects of others that use the plugin: asked for by a test, or awkward by its seed."""

from __future__ import annotations

import pytest

FAULTS = """
import pytest

from warifu.errors import Reason, WarifuError

TAX = "TM00000000000002"


@pytest.fixture
def ask(warifu_network, warifu_residents):
    return lambda: warifu_network.ask("childcare", "tax", TAX, warifu_residents.at("childcare", "tax")[0])


def test_the_next_call_is_refused_and_no_other(ask, warifu_faults):
    warifu_faults("tax", "AgencyService.Provide", "refuse:STORE_UNAVAILABLE")
    with pytest.raises(WarifuError) as refused:
        ask()
    assert (refused.value.reason, refused.value.where) == (Reason.PROVIDER_FAILED, "provider: STORE_UNAVAILABLE")
    assert ask().record
    assert [(line.party, line.faults) for line in warifu_faults.done()] == [("tax", "refuse:STORE_UNAVAILABLE")]


def test_nothing_of_it_is_left_for_the_next_test(ask, warifu_faults):
    assert ask().record
    assert warifu_faults.done() == []


def test_asks_for_a_fault_that_no_call_meets(ask, warifu_faults):
    warifu_faults("tax", "AgencyService.Provide", "delay:10ms", times=2)
    ask()


def test_asks_for_a_fault_that_there_is_none_of(warifu_faults):
    warifu_faults("tax", "AgencyService.Provide", "burn")


def test_fails_after_the_same_was_done_thrice(ask, warifu_faults):
    warifu_faults("tax", "AgencyService.Provide", "delay:2ms", times=3)
    assert not [ask() for _ in range(3)]


@pytest.mark.warifu(calm=True)
def test_wants_a_calm_network(ask, warifu_network, warifu_faults):
    assert warifu_network.calm
    assert [ask().record for _ in range(40)].count(b"") == 0
    assert warifu_faults.done() == []


@pytest.mark.warifu(calm=False)
def test_wants_an_awkward_network(ask, warifu_network, warifu_faults):
    assert not warifu_network.calm
    assert [ask().record for _ in range(40)].count(b"") == 0
    assert {line.by for line in warifu_faults.done()} == {"seed"}
    ended = {"unavailable_before", "unavailable_after", "retired_key"}
    assert ended & {line.faults.split("+")[-1] for line in warifu_faults.done()}
"""


def test_a_test_asks_parties_for_faults_and_must_meet_them(project: pytest.Pytester) -> None:
    project.makepyfile(test_faults=FAULTS)
    ran = project.runpytest_subprocess("-rs", "--warifu-calm")
    ran.assert_outcomes(passed=3, failed=3, skipped=1)
    shown = ran.stdout.str()
    assert "tax was to do delay:10ms to 2 calls of AgencyService.Provide; it did to 1" in shown
    (told,) = [line for line in shown.splitlines() if line.endswith(": delay:2ms (3 times)")]
    assert told.startswith("tax did to AgencyService.Provide, by rule ")
    assert "wants an awkward network: not with --warifu-calm" in shown


def test_a_network_is_awkward_but_in_tests_that_want_it_calm(project: pytest.Pytester) -> None:
    project.makepyfile(test_faults=FAULTS)
    ran = project.runpytest_subprocess("-rs", "-k", "wants", "--warifu-seed=7")
    ran.assert_outcomes(passed=2)
    ran.stdout.fnmatch_lines(
        ["SIMULATED My Number network: awkward on purpose, * times, seed 7; the same again: pytest --warifu-seed=7"]
    )


def test_the_same_seed_does_the_same_to_the_same_test(project: pytest.Pytester) -> None:
    project.makepyfile(test_faults=FAULTS)
    chosen = ("-k", "an_awkward_network", "--warifu-seed=7")
    told = [project.runpytest_subprocess(*chosen).stdout.str().split("purpose, ")[1].split()[0] for _ in range(2)]
    assert told[0] == told[1] != "0"
