"""What ghz is asked to do, and what is read from what it writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from warifu_loadtest.deciding.peer import ghz_command, ghz_saw

REPORT = {
    "count": 4,
    "rps": 40.0,
    "statusCodeDistribution": {"OK": 3, "Unavailable": 1},
    "latencyDistribution": [{"percentage": 50, "latency": 2_000_000}],
    "details": [
        {"timestamp": "2026-01-01T00:00:00Z", "latency": 1_000_400, "error": "", "status": "OK"},
        {"timestamp": "2026-01-01T00:00:01Z", "latency": 2_000_000, "error": "", "status": "OK"},
        {"timestamp": "2026-01-01T00:00:02Z", "latency": 9_000_000, "error": "", "status": "OK"},
        {"timestamp": "2026-01-01T00:00:03Z", "latency": 1, "error": "no", "status": "Unavailable"},
    ],
}
"""The parts that are read of ghz's report, and some beside them."""


def test_the_calls_that_were_answered_are_read_in_microseconds() -> None:
    saw = ghz_saw(REPORT)
    assert (saw.count, saw.least, saw.greatest) == (3, 1_000, 9_000)


@pytest.mark.parametrize("report", [None, [], {}, {"details": 3}, {"details": [3]}, {"details": [{"status": "OK"}]}])
def test_what_is_no_report_is_said_in_words(report: object) -> None:
    with pytest.raises(ValueError, match="no report of its calls"):
        ghz_saw(report)


def test_a_report_in_which_nothing_was_answered_compares_with_nothing() -> None:
    with pytest.raises(ValueError, match="no call answered"):
        ghz_saw({"details": REPORT["details"][3:]})  # type: ignore[index]  # a list, as made above


def test_ghz_makes_an_open_loop_too_and_trusts_the_network_alone() -> None:
    command = ghz_command(
        program="/bin/ghz",
        protos=Path("protos"),
        endpoint="127.0.0.1:1",
        certificates={"root": Path("root.pem"), "certificate": Path("own.pem"), "key": Path("own.key")},
        name="node.warifu",
        messages=Path("asked.json"),
        out=Path("report.json"),
        count=100,
        rate=12.4,
    )
    assert command[0] == "/bin/ghz"
    assert command[-1] == "127.0.0.1:1"
    assert {"--async", "--rps=12", "--total=100", "--cacert=root.pem", "--cname=node.warifu"} <= set(command)
    assert not [word for word in command if "insecure" in word or "skipTLS" in word]
