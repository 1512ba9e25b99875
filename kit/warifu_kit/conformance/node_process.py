"""The node under check as a process that the kit starts by a command, kills, and starts again.

Decides what in the command is replaced, that a node which ended before it came is told at once, and that it ends with the kit,
however that ends: one that goes on would be taken for the next check's.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import sys
from contextlib import suppress

from warifu.errors import Reason, WarifuError
from warifu_kit.conformance.stage import CLOCK_FILE, Stage

__all__ = ["NodeProcess"]

_STOP_S = 10.0
_ENDS_WITH_ITS_PARENT = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)  # PR_SET_PDEATHSIG, <linux/prctl.h>; exec keeps it
if os.getppid() != int(sys.argv[1]):
    sys.exit("whoever started this has ended")
os.execvp(sys.argv[2], sys.argv[2:])
"""


class NodeProcess:
    """Started within it, and stopped at its end; without a command somebody else starts and stops it."""

    def __init__(self, stage: Stage, command: str, wait_s: float) -> None:
        """``wait_s`` is how long the node may take to come. Raises: CONFIG_INVALID for no command."""
        self._stage = stage
        self._words = _words(stage, command) if command else []
        self._wait_s = wait_s
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> NodeProcess:
        await self._start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(_STOP_S):
                await self._process.wait()
        except TimeoutError:
            await self._kill()

    async def killed_and_started(self) -> str:
        """Kill it as a power cut does, and start it again; where it listens. Raises: as :meth:`announced`."""
        await self._kill()
        await self._start()
        return await self.announced()

    async def announced(self) -> str:
        """Where the node listens. Raises: NOT_CONNECTED; PARTY_NOT_STARTED when its process ended before it came."""
        announced = asyncio.ensure_future(self._stage.announced(self._wait_s))
        if self._process is None:
            return await announced
        gone = asyncio.ensure_future(self._process.wait())
        try:
            await asyncio.wait({announced, gone}, return_when=asyncio.FIRST_COMPLETED)
            if announced.done():
                return announced.result()
            where = f"--start: the program ended with status {gone.result()} before a node came to the hub"
            raise WarifuError(Reason.PARTY_NOT_STARTED, where=where)
        finally:
            for task in (announced, gone):
                task.cancel()
            await asyncio.gather(announced, gone, return_exceptions=True)

    async def _start(self) -> None:
        if not self._words:
            return
        await self._stage.forget_where_it_was()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *_ending_with_this(self._words), stdout=asyncio.subprocess.DEVNULL
            )
        except OSError as error:
            raise WarifuError(Reason.PARTY_NOT_STARTED, where=f"--start {self._words[0]}: {error.strerror}") from error

    async def _kill(self) -> None:
        if self._process is None:
            raise ValueError("somebody else started it")
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


def _ending_with_this(words: list[str]) -> list[str]:
    """The command by which they are started so that they end with this process; outside of Linux the words alone."""
    if sys.platform != "linux" or shutil.which(words[0]) is None:  # of no program the system says so itself
        return words
    return [sys.executable, "-I", "-S", "-c", _ENDS_WITH_ITS_PARENT, str(os.getpid()), *words]


def _words(stage: Stage, command: str) -> list[str]:
    """The command with the places filled in; braces that are none of them stay. Raises: CONFIG_INVALID."""
    places = {
        "{hub}": stage.hub_endpoint,
        "{authority}": stage.authority.endpoint,
        "{dir}": str(stage.path / stage.party),
        "{clock}": str(stage.path / CLOCK_FILE),
    }
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise WarifuError(Reason.CONFIG_INVALID, where=f"--start: {error}") from None
    for place, value in places.items():
        words = [word.replace(place, value) for word in words]
    if not words:
        raise WarifuError(Reason.CONFIG_INVALID, where="--start: no program")
    return words
