"""Starting a hub, as one process or several.

Decides which of the two: what whoever starts it says, else what its folder says, else one process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from warifu.errors import Reason, WarifuError
from warifu.party.folder import PartyFolder, PartySettings
from warifu.party.process import run_party
from warifu.rpc.logging import Level
from warifu_hub.app.processes import MOST_WORKERS, HubProcesses
from warifu_hub.app.running import run_hub
from warifu_hub.app.sequencer import run_sequencer
from warifu_hub.app.worker import run_worker

__all__ = ["start_hub"]

_ONLY_WORKERS: Final = ("server_interceptors", "channel_interceptors", "beside")


def start_hub(
    path: Path,
    *,
    workers: int | None = None,
    listen: str | None = None,
    go_on: bool = False,
    store: str | None = None,
    stand_by: bool = False,
    log_level: Level = "warning",
    stop_with_parent: bool = False,
    handed: Callable[[], dict[str, Any]] = dict,
) -> int:
    """Run the hub in ``path`` until this process is asked to stop; the exit status. To be called as ``run_party``.

    With ``workers`` (or that in its folder) of 2 or more it is so many processes that serve, and one that keeps. ``handed`` gives
    further words of ``run_hub``; it is called in each process that needs them. The other words are those of ``run_hub``.
    """
    settings = _settings(path)
    count = workers or (settings and settings.workers) or 1
    if count > MOST_WORKERS:
        return run_party(_too_many, party="hub", log_level=log_level)
    if settings is None or count == 1:
        words = {"listen": listen, "go_on": go_on, "store": store, "stand_by": stand_by}
        return run_party(
            lambda stop: run_hub(stop, path, **words, **handed()),  # type: ignore[arg-type]  # each word has its own type
            party="hub",
            log_level=log_level,
            stop_with_parent=stop_with_parent,
        )

    def sequencer(stop: asyncio.Event, is_first: bool) -> Coroutine[Any, Any, None]:
        clock = handed().get("clock")
        return run_sequencer(stop, path, clock=clock, go_on=go_on and is_first, store=store, stand_by=stand_by)

    def worker(stop: asyncio.Event, number: int, endpoint: str) -> Coroutine[Any, Any, None]:
        return run_worker(stop, path, number=number, listen=endpoint, **handed())

    processes = HubProcesses(
        workers=count,
        listen=listen or settings.listen,
        sequencer=sequencer,
        worker=worker,
        log_level=log_level,
    )
    return processes.run(stop_with_parent=stop_with_parent)


async def _too_many(_: asyncio.Event) -> None:
    raise WarifuError(Reason.CONFIG_INVALID, where=f"workers: at most {MOST_WORKERS}")


def _settings(path: Path) -> PartySettings | None:
    """None for a folder that has none to be read: a hub that is one process says what is wrong."""
    try:
        return PartyFolder(path).settings()
    except WarifuError:
        return None
