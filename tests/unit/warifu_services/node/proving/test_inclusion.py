"""What shows that one exchange is under a checkpoint, and what does not."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.party.alarms import AlarmKind
from warifu.tlog.checkpoint import Checkpoint, log_origin
from warifu_services.node.inclusion import is_in_log

NOT_IN_LOG = AlarmKind.EXCHANGE_NOT_IN_LOG
PERMITTED, ANSWERED = log_pb2.LEAF_EVENT_PERMITTED, log_pb2.LEAF_EVENT_ANSWERED


Spoil = Callable[[log_pb2.ProvenExchange], Any]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda told: told.leaves.pop(),
        lambda told: told.leaves.pop(0),
        lambda told: told.leaves.reverse(),
        lambda told: told.leaves[0].hashes.pop(),
        lambda told: setattr(told.leaves[0], "position", 1),
        lambda told: setattr(told.leaves[0], "position", 2**63),
        lambda told: setattr(told.leaves[0], "leaf", b"\xff"),
        lambda told: setattr(told.leaves[1], "leaf", told.leaves[0].leaf),
        lambda told: told.leaves[0].hashes.__setitem__(0, b"short"),
        lambda told: told.leaves.add(leaf=b""),
    ],
    ids=range(10),
)
async def test_a_proof_that_does_not_hold_proves_nothing(both: Any, spoil: Spoil) -> None:
    record = await both.exchange()
    for _ in range(3):
        both.log.write(await both.exchange(), PERMITTED)
    both.log.write(record, PERMITTED)
    both.log.write(record, ANSWERED)
    tree = both.log.tree()
    checkpoint = Checkpoint(origin=log_origin("sim-test"), size=tree.size, root_hash=tree.root(), extensions=())
    unproven = next(each for each in both.childcare.unproven if each.request_id == record.request_id)
    told = both.log.shown(record.request_id, tree.size)
    assert is_in_log(unproven, told, checkpoint)
    assert not is_in_log(unproven, told, replace(checkpoint, root_hash=secrets.token_bytes(32)))
    spoil(told)
    assert not is_in_log(unproven, told, checkpoint)
