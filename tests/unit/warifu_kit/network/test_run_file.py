"""What of a network's run is kept for whoever asks how it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from warifu_kit.network.run_file import Ends, Run, RunFile, read_run


def test_who_ended_is_counted_with_how_the_last_time(tmp_path: Path) -> None:
    kept = RunFile(tmp_path, 30.0)
    assert read_run(tmp_path) == Run(30.0)
    for party, how in (("tax", "signal 9"), ("hub", "exit status 1"), ("tax", "exit status 3")):
        kept.ended(party, how)
    assert read_run(tmp_path) == Run(30.0, {"tax": Ends(2, "exit status 3"), "hub": Ends(1, "exit status 1")})


def test_a_run_begins_anew_and_takes_its_file_with_it(tmp_path: Path) -> None:
    RunFile(tmp_path, 30.0).ended("tax", "signal 9")
    again = RunFile(tmp_path, None)
    assert read_run(tmp_path) == Run()
    again.close()
    again.close()
    assert list(tmp_path.iterdir()) == []


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    RunFile(tmp_path, None)
    assert [path.stat().st_mode & 0o777 for path in tmp_path.iterdir()] == [0o600]


@pytest.mark.parametrize(
    "said", ["", "[]", "{}", '{"spread_s": "often", "ends": {}}', '{"spread_s": 1, "ends": {"a": 1}}']
)
def test_a_file_that_is_none_says_nothing(tmp_path: Path, said: str) -> None:
    RunFile(tmp_path, 1.0)
    (path,) = tmp_path.iterdir()
    path.write_text(said, "utf-8")
    assert read_run(tmp_path) == Run()
