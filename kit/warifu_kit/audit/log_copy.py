"""Copying the exchange log out of a hub, for anyone to verify without one.

Decides what a copy holds: everything under one checkpoint, which is asked for first. It reads the log page by page and
writes each as it comes. Verifying is not done here: that
needs the public key alone (``warifu.tlog.verify_copy``). Only the supervisor may list leaves. A folder with anything else
in it is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

from warifu.client import LogClient
from warifu.errors import Reason, WarifuError
from warifu.tlog.checkpoint import Checkpoint, read_checkpoint_unverified
from warifu.tlog.cosignature import Witness
from warifu.tlog.tiles import CHECKPOINT_FILE, CopyWriter

__all__ = ["copy_log"]

_LEAVES_IN_A_CALL = 100_000
"""Far fewer than the hub gives before the call's time is over, so that a log of any length can be copied."""


async def copy_log(
    log: LogClient, out: Path, *, witnesses: Sequence[Witness] = (), least_cosignatures: int = 0
) -> Checkpoint:
    """Write the log as published now into ``out``, which may hold an earlier copy; the checkpoint it is under.

    Where cosignatures are wanted, the log as it was cosigned last. Raises: LOG_INVALID when the leaves are not what the checkpoint says, ``out`` holds another log, or the log no longer
    extends the copy in ``out``, which then stays as it is; PATH_UNUSABLE when ``out`` holds something else;
    STORE_UNAVAILABLE when a file cannot be written; whatever a call to the hub ends with.
    """
    _check_place(out)
    if least_cosignatures:
        signed = await log.cosigned_checkpoint(witnesses, least_cosignatures)
    else:
        signed = await log.checkpoint()
    checkpoint = read_checkpoint_unverified(signed)
    copy = CopyWriter(out, signed)
    for first in range(0, checkpoint.size, _LEAVES_IN_A_CALL):
        count = min(_LEAVES_IN_A_CALL, checkpoint.size - first)
        async with aclosing(log.leaves(first, count).pages()) as pages:
            async for page in pages:
                copy.add(page)
    copy.finish()
    return checkpoint


def _check_place(out: Path) -> None:
    """A copy goes into a new or empty folder, or one that holds a copy; one cut short has tiles and no checkpoint yet."""
    try:
        names = {entry.name for entry in out.iterdir()} if out.exists() else set()
    except OSError as error:
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{out}: {error.strerror}") from error
    if CHECKPOINT_FILE not in names and names - {"tile", f".{CHECKPOINT_FILE}.new"}:
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{out}: is not empty and holds no copy of a log")
