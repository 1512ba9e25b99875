"""What a party says in its log when it starts in a network whose hub proves nothing. Decides only how loud that is."""

from __future__ import annotations

from warifu.exchange.directory import Directory
from warifu.exchange.proof_policy import OFF_WARNING, PolicyKind
from warifu.rpc.logging import get_logger

__all__ = ["say_if_unproven"]


def say_if_unproven(party: str, directory: Directory) -> None:
    """An error line in the log of ``party`` (what it is called there) when its network's proofs are off."""
    if directory.proof_policy.kind is PolicyKind.OFF:
        get_logger(party).error("proofs_off", why=OFF_WARNING)
