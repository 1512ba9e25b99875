"""Running one party as a process.

Decides what every party's process has in common: its scheduling class and event loop, how it stops (SIGTERM or SIGINT,
gracefully), that it does not outlive the process that started it when told so, and how it says that it is ready: one
JSON line on standard output, the only thing ever written there. Which party it is, and what it does, it does not know.

gRPC looks at the environment once, when it is loaded: import this module before gRPC. What it must not find there is
taken out here (``warifu.party.inherited``).
"""

from __future__ import annotations

import asyncio
import ctypes
import importlib.util
import json
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any

from warifu.errors import WarifuError
from warifu.party.inherited import drop_variables, settle_process
from warifu.party.memory import look_for_circles_rarely, use_own_pieces
from warifu.rpc.logging import Level, configure, error_fields, get_logger, raised_at

__all__ = [
    "HUB_SOUGHT_S",
    "announce_ready",
    "begin_process",
    "happens_before",
    "new_event_loop",
    "run_party",
    "serve_until",
    "use_batch_scheduling",
]

if TYPE_CHECKING:
    import grpc

drop_variables()

HUB_SOUGHT_S = 10.0
"""How long a party looks for the hub, in seconds, before it says that it is ready without one."""

_GRACE_S = 3.0
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def run_party(
    main: Callable[[asyncio.Event], Coroutine[Any, Any, None]],
    *,
    party: str,
    log_level: Level = "info",
    stop_with_parent: bool = False,
    parent: int | None = None,
) -> int:
    """Run ``main(stop)`` until it returns; ``stop`` is set when the process is asked to stop. Gives the exit status.

    To be called on the main thread before any gRPC object exists. ``party`` names it in the log. With
    ``stop_with_parent`` (Linux) the process is asked to stop when the thread that started it ends; one whose ``parent`` is given
    is ended then, at once: it is a part of that one. An error that
    ``main`` raises is logged, a :class:`WarifuError` with its reason and place, and gives status 1.
    """
    use_own_pieces()
    look_for_circles_rarely()
    try:
        begin_process(log_level)
        if parent is not None:
            _ask_for_signal_when_parent_ends(signal.SIGKILL, parent)
        elif stop_with_parent:
            _ask_for_signal_when_parent_ends()
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(_until_stopped(main))
    except WarifuError as error:
        get_logger(party).error("party_failed", text=error.entry.public_text, **error_fields(error))
        return 1
    except Exception as error:  # noqa: BLE001  # whatever it is, it is told without its text, which may quote values
        get_logger(party).error("party_failed", error=type(error).__name__, at=raised_at(error))
        return 1
    return 0


def begin_process(log_level: Level = "info", *, stop_with_parent: bool = False) -> None:
    """Make this process one of a party. Raises: CONFIG_INVALID when the system allows too few open files."""
    _log_in_utf8()
    configure(log_level)
    use_batch_scheduling()
    settle_process()
    if stop_with_parent:
        _ask_for_signal_when_parent_ends()


async def _until_stopped(main: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await main(stop)


async def happens_before(stop: asyncio.Event, awaited: Coroutine[Any, Any, object], within_s: float) -> bool:
    """Wait for ``awaited``, at most ``within_s`` seconds and not when the process is to stop; whether it came to its end.

    An error of ``awaited`` counts as not having happened.
    """
    happening, stopping = asyncio.create_task(awaited), asyncio.create_task(stop.wait())
    await asyncio.wait((happening, stopping), timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
    happened = happening.done() and happening.exception() is None
    for each in (happening, stopping):
        each.cancel()
    await asyncio.gather(happening, stopping, return_exceptions=True)
    return happened


async def serve_until(stop: asyncio.Event, server: grpc.aio.Server, *, grace_s: float = _GRACE_S) -> None:
    """Let a started server serve until ``stop`` is set, then take no new calls and give the others ``grace_s``.

    A stream that its servicer keeps open lasts that long too, so servicers of lasting streams heed ``stop`` themselves.
    """
    await stop.wait()
    await server.stop(grace_s)


def announce_ready(*, party: str, endpoint: str, hub_reached: bool | None = None, amiss: str = "") -> None:
    """Tell whoever started this process, on standard output, that ``party`` takes calls at ``endpoint``.

    ``hub_reached`` says whether it and the hub found each other; None for the hub itself, which looks for nobody. A
    party without a hub takes calls, and nothing that needs the hub goes through until it is there. ``amiss`` says in a
    sentence why it does not do its work though it is up.
    """
    told: dict[str, object] = {"ready": True, "endpoint": endpoint, "party": party}
    if hub_reached is not None:
        told["hub_reached"] = hub_reached
    if amiss:
        told["amiss"] = amiss
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def new_event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's event loop where it is installed (a fifth less CPU per call), asyncio's own elsewhere."""
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = importlib.import_module("uvloop").new_event_loop()
    return loop


def use_batch_scheduling() -> None:
    """Ask for SCHED_BATCH, where the system has it: gRPC's threads then stop preempting the loop for every event."""
    if hasattr(os, "SCHED_BATCH"):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _log_in_utf8() -> None:
    """A log is UTF-8 whatever the locale; a line that names a file whose name is none is written all the same."""
    if isinstance(sys.stderr, TextIOWrapper):
        sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace")


def _ask_for_signal_when_parent_ends(number: signal.Signals = signal.SIGTERM, parent: int | None = None) -> None:
    parent = os.getppid() if parent is None else parent
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:  # it ended before we could ask
        os.kill(os.getpid(), number)
