"""What the plugin shows of the parties' logs with a failure: what came in that test, and nothing of those before it."""

from __future__ import annotations

import pytest

TWO = """
def log(network, line):
    with (network.folder / "tax" / "party.log").open("a") as written:
        written.write(line + "\\n")


def test_first(warifu_network):
    log(warifu_network, "of the first")


def test_second(warifu_network):
    log(warifu_network, "of the second")
    assert False


def test_third_logs_nothing(warifu_network):
    assert False
"""


def test_a_failure_shows_what_was_logged_in_its_own_test(project: pytest.Pytester) -> None:
    project.makepyfile(TWO)
    ran = project.runpytest_subprocess("--warifu-seed=41", "--warifu-calm")
    ran.assert_outcomes(passed=1, failed=2)
    shown = [line for line in ran.stdout.lines if line.startswith("tax/party.log: of")]
    assert shown == ["tax/party.log: of the second"]
