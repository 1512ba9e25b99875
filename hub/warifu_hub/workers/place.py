"""Where workers and sequencer meet: a socket in the hub's folder, for the user alone whose hub it is.

Decides its name and who may open it. A folder may lie deeper than a socket's address is long: it is reached by the folder's
descriptor, as the system shows it.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from warifu.errors import Reason, WarifuError
from warifu_hub.workers.line import Line

__all__ = ["SOCKET_FILE", "connected", "listening"]

SOCKET_FILE: Final = "sequencer.sock"
"""In the hub's folder while its sequencer runs."""

_WAITING: Final = 64


async def listening(folder: Path, line: Callable[[], Line]) -> asyncio.AbstractServer:
    """Take lines at the socket in ``folder``. One that lies there is replaced: whoever asks owns the hub's rows.

    Raises: CONFIG_INVALID when it cannot be made.
    """
    waiting = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(waiting.fileno(), 0o600)  # before it has a name, so that nobody else opens it first
        (folder / SOCKET_FILE).unlink(missing_ok=True)
        with _address(folder) as address:
            waiting.bind(address)
        waiting.listen(_WAITING)
        waiting.setblocking(False)
    except OSError as error:
        waiting.close()
        raise WarifuError(Reason.CONFIG_INVALID, where=f"{SOCKET_FILE}: {error.strerror}") from error
    return await asyncio.get_running_loop().create_unix_server(line, sock=waiting)


async def connected(folder: Path, line: Callable[[], Line]) -> Line:
    """A line to the sequencer of the hub in ``folder``. Raises: OSError when it is not there."""
    ours = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    ours.setblocking(False)
    try:
        with _address(folder) as address:
            await asyncio.get_running_loop().sock_connect(ours, address)
        _, begun = await asyncio.get_running_loop().create_unix_connection(line, sock=ours)
    except BaseException:
        ours.close()
        raise
    return begun


@contextmanager
def _address(folder: Path) -> Iterator[str]:
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET_FILE}"
    finally:
        os.close(descriptor)
