"""The hub process is killed in the middle of the main job, and no acknowledged exchange is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from tests.integration.network.hub_processes import sequencer_of

from warifu_kit.people.residents import generate
from warifu_kit.people.residents_csv import write_csv


@pytest.mark.parametrize("killed", ["hub", pytest.param("sequencer", marks=pytest.mark.slow)])
def test_killing_the_hub_in_mid_demonstration_loses_nothing(
    warifu_command: Callable[..., list[str]],
    warifu: Any,
    child_of: Callable[..., int | None],
    tmp_path: Path,
    killed: str,
) -> None:
    folder, results, people = tmp_path / "net", tmp_path / "demo.json", tmp_path / "people.csv"
    write_csv(people, generate(1, 100))  # one's own people, so that this way in is gone once as well
    words = ("demo", "--residents-file", people, "--seed", 1, "--dir", folder, "--json", results)
    command = warifu_command(*words, *(_with_workers(tmp_path) if killed == "sequencer" else ()))
    with (
        (tmp_path / "report.txt").open("w", encoding="utf-8") as report,
        subprocess.Popen(command, stdout=report, stderr=subprocess.PIPE, text=True) as process,
    ):
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if line.startswith("Child allowance"):  # the insurer's inquiries are under way now
                hub = child_of(process.pid, ["hub", "--stop-with-parent"])
                assert hub is not None
                os.kill(sequencer_of(hub) if killed == "sequencer" else hub, signal.SIGKILL)
        assert process.wait(60) == 0, "".join(said) + (tmp_path / "report.txt").read_text("utf-8")
    told = json.loads(results.read_text("utf-8"))
    assert told["restarts"] == ({"hub": 1} if killed == "hub" else {}), "a hub starts its own processes again"
    assert told["holds"]
    assert (told["residents"], told["residents_file"]) == (100, str(people))
    assert ("hub: died (signal 9)\n" in said) == (killed == "hub")
    verified = warifu("log", "verify", "--key", folder / "log.vkey", folder / "log-copy")
    assert verified.returncode == 0, verified.stderr


def _with_workers(folder: Path) -> tuple[str, Path]:
    """The network that there always is, with a hub of two workers."""
    shipped = (files("warifu_kit.network") / "shipped" / "four-agencies.yaml").read_text("utf-8")
    members = folder / "members.yaml"
    members.write_text(shipped + "  - {name: hub, kind: hub, workers: 2}\n", "utf-8")
    return "--members", members
