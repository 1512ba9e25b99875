"""Running one party as a process.

Decides what every party's process has in common: its scheduling class and event loop, how it stops (SIGTERM or SIGINT,
gracefully), that it does not outlive the process that started it when told so, and how it says that it is ready: one
JSON line on standard output, the only thing ever written there. Which party it is, and what it does, it does not know.

gRPC's core would write lines of its own, in a format of its own, between those of the party's log. It looks at the
environment once, when it is loaded: import this module before gRPC. A GRPC_VERBOSITY that is set is left as it is.
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
from typing import TYPE_CHECKING, Any

from warifu.errors import WarifuError
from warifu.rpc.logging import Level, configure, error_fields, get_logger, raised_at

__all__ = ["announce_ready", "new_event_loop", "run_party", "serve_until", "use_batch_scheduling"]

if TYPE_CHECKING:
    import grpc

os.environ.setdefault("GRPC_VERBOSITY", "NONE")

_GRACE_S = 3.0
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def run_party(
    main: Callable[[asyncio.Event], Coroutine[Any, Any, None]],
    *,
    party: str,
    log_level: Level = "info",
    stop_with_parent: bool = False,
) -> int:
    """Run ``main(stop)`` until it returns; ``stop`` is set when the process is asked to stop. Gives the exit status.

    To be called on the main thread before any gRPC object exists. ``party`` names it in the log. With
    ``stop_with_parent`` (Linux) the process is asked to stop when the thread that started it ends. An error that
    ``main`` raises is logged, a :class:`WarifuError` with its reason and place, and gives status 1.
    """
    configure(log_level)
    use_batch_scheduling()
    if stop_with_parent:
        _ask_for_signal_when_parent_ends()
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(_until_stopped(main))
    except WarifuError as error:
        get_logger(party).error("party_failed", text=error.entry.public_text, **error_fields(error))
        return 1
    except Exception as error:  # noqa: BLE001  # whatever it is, it is told without its text, which may quote values
        get_logger(party).error("party_failed", error=type(error).__name__, at=raised_at(error))
        return 1
    return 0


async def _until_stopped(main: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await main(stop)


async def serve_until(stop: asyncio.Event, server: grpc.aio.Server, *, grace_s: float = _GRACE_S) -> None:
    """Let a started server serve until ``stop`` is set, then take no new calls and give the others ``grace_s``.

    A stream that its servicer keeps open lasts that long too, so servicers of lasting streams heed ``stop`` themselves.
    """
    await stop.wait()
    await server.stop(grace_s)


def announce_ready(*, party: str, endpoint: str) -> None:
    """Tell whoever started this process, on standard output, that ``party`` takes calls at ``endpoint``."""
    sys.stdout.write(json.dumps({"ready": True, "endpoint": endpoint, "party": party}) + "\n")
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


def _ask_for_signal_when_parent_ends() -> None:
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it ended before we could ask
        os.kill(os.getpid(), signal.SIGTERM)
