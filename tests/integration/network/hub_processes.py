"""A hub of several processes: its command, and which process is which."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from warifu_kit.network.party_process import party_command

PATIENCE_S = 20


def with_workers(party: str, folder: Path, options: Sequence[str]) -> list[str]:
    """The command of a hub of two workers that writes everything it can into its log."""
    return [*party_command(party, folder, options), "--workers", "2", "--log-level", "debug"]


def children_of(pid: int) -> list[int]:
    """The processes that ``pid`` started and that run."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


def sequencer_of(pid: int) -> int:
    """The one of them that owns the hub's rows."""
    (found,) = [child for child in children_of(pid) if _owns_rows(child)]
    return found


def owner_of_rows(pid: int) -> int:
    """The same, also of a hub that is one process: that one."""
    return pid if _owns_rows(pid) else sequencer_of(pid)


def workers_of(pid: int) -> list[int]:
    """The others."""
    return [child for child in children_of(pid) if not _owns_rows(child)]


def kill_process(parent: int, pid: int) -> None:
    """End one of them as a crash would, and wait until another is in its place."""
    others = set(children_of(parent)) - {pid}
    os.kill(pid, signal.SIGKILL)
    give_up = time.monotonic() + PATIENCE_S
    while pid in (now := set(children_of(parent))) or len(now) <= len(others):
        assert time.monotonic() < give_up, "nobody started it again"
        time.sleep(0.01)


def listeners_at(endpoint: str) -> int:
    """How many sockets listen at the port of ``endpoint``."""
    port, listening = f"{int(endpoint.rpartition(':')[2]):04X}", "0A"
    lines = [
        line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text("ascii").splitlines()
    ]
    return sum(words[1].endswith(f":{port}") and words[3] == listening for words in lines)


def is_gone(pid: int) -> bool:
    """Whether the process has ended, and whoever started it knows."""
    return not Path(f"/proc/{pid}").exists()


def _owns_rows(pid: int) -> bool:
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            if descriptor.readlink().name == "hub.sqlite3.lock":
                return True
        except FileNotFoundError:
            continue
    return False
