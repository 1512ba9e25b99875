"""Copying the exchange log out of a hub, for anyone to verify without one.

Decides what a copy holds: everything under one checkpoint, which is asked for first. Verifying is not done here: that
needs the public key alone (``warifu.tlog.verify_copy``). Only the supervisor may list leaves.
"""

from __future__ import annotations

from pathlib import Path

from warifu.client import LogClient
from warifu.tlog.checkpoint import Checkpoint, read_checkpoint_unverified
from warifu.tlog.tiles import write_copy

__all__ = ["copy_log"]


async def copy_log(log: LogClient, out: Path) -> Checkpoint:
    """Write the log as published now into ``out``, which may hold an earlier copy; the checkpoint it is under.

    Raises: LOG_INVALID when the leaves are not what the checkpoint says, or ``out`` holds another log;
    STORE_UNAVAILABLE when a file cannot be written; whatever a call to the hub ends with.
    """
    signed = await log.checkpoint()
    checkpoint = read_checkpoint_unverified(signed)
    leaves = await log.leaves(0, checkpoint.size) if checkpoint.size else []
    write_copy(out, leaves, signed)
    return checkpoint
