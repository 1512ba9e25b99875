"""A node that the kit starts ends with the kit, and none that an earlier check left is taken for it."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.conformance.honest_node import HonestNode

from warifu.errors import Reason, WarifuError
from warifu_kit.commands.network_changes import network_changes
from warifu_kit.conformance.node_process import NodeProcess
from warifu_kit.conformance.stage import staged

TELLS_ITS_NUMBER = "import os, sys, time; open(sys.argv[1], 'w').write(f'{os.getpid()}\\n'); time.sleep(600)"
WITHIN_S = 60.0


def waited_for(condition: object, words: str) -> None:
    ends = time.monotonic() + WITHIN_S
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < ends, words
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent ended")
def test_a_started_node_ends_with_a_check_that_is_killed(node_network: Path, tmp_path: Path) -> None:
    told = tmp_path / "pid"
    start = shlex.join([sys.executable, "-c", TELLS_ITS_NUMBER, str(told)])
    words = [str(Path(sys.executable).with_name("warifu")), "check", "node", str(node_network), "tax", "--start", start]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL, start_new_session=True) as check:
        try:
            waited_for(lambda: told.exists() and told.read_text("utf-8").endswith("\n"), "nothing was started")
        finally:
            check.kill()
    started = int(told.read_text("utf-8"))
    try:
        waited_for(lambda: not is_running(started), "it goes on without the check")
    finally:
        if is_running(started):
            os.kill(started, signal.SIGKILL)


async def test_a_node_that_is_there_from_an_earlier_check_is_not_taken_for_the_one_that_is_started(
    node_network: Path,
) -> None:
    nowhere = "127.0.0.1:0"
    async with staged(node_network, "tax", hub_at=nowhere, authority_at=nowhere, changes=network_changes()) as stage:
        earlier = HonestNode(stage)
        await earlier.serve()  # and announces itself
        try:
            assert await stage.announced(10)
            async with NodeProcess(stage, "sleep 600", 1) as process:
                with pytest.raises(WarifuError) as error:
                    await process.announced()
        finally:
            await earlier.stop()
    assert error.value.reason is Reason.NOT_CONNECTED
