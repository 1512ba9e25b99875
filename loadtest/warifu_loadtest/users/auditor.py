"""The auditor, who looks whether the log only grows, and whether leaves are in it; and verifies each proof."""

from __future__ import annotations

import random
from collections.abc import Collection
from functools import partial

from warifu.api.log.v1.log_service_pb2 import GetInclusionProofResponse
from warifu.tlog.checkpoint import read_checkpoint_unverified
from warifu.tlog.verify import verify_entry, verify_extends
from warifu_loadtest.deciding.tally import ANSWERED
from warifu_loadtest.driving.neighbourhood import Neighbourhood
from warifu_loadtest.driving.visit import CALL_SECONDS, Visit
from warifu_loadtest.users.user import LoadUser

__all__ = ["Auditor"]


class Auditor(LoadUser):
    """Takes a checkpoint, proves that it extends the one before, and one leaf under it. With the supervisor's certificate."""

    share = 4.0

    def __init__(self, around: Neighbourhood, company: Collection[str]) -> None:
        super().__init__(around, company)
        self._log = around.log()
        self._key = around.described.log_verifier_key
        self._seen = b""

    @classmethod
    def can_be(cls, around: Neighbourhood) -> bool:
        """Whether the supervisor's certificate is here: others are not shown every leaf."""
        return around.supervises

    def visit(self, visit: Visit) -> None:
        """Look once."""
        seen = self._seen  # before the call: whatever is shown after it is no older
        newer = visit.call("LogService.GetCheckpoint", partial(self._log.checkpoint, timeout=CALL_SECONDS))
        if newer is None:
            return
        size = read_checkpoint_unverified(newer).size
        if seen:
            self._extends(visit, seen, newer, size)
        if size:
            self._contains(visit, newer, size)
        self._seen = newer

    def _extends(self, visit: Visit, seen: bytes, newer: bytes, size: int) -> None:
        first = read_checkpoint_unverified(seen).size

        def told(proof: list[bytes]) -> str:
            verify_extends(old_checkpoint=seen, new_checkpoint=newer, proof=proof, vkey=self._key)
            return ANSWERED

        if 0 < first < size:
            made = partial(self._log.consistency_proof, first, size, timeout=CALL_SECONDS)
            visit.call("LogService.GetConsistencyProof", made, told=told)

    def _contains(self, visit: Visit, newer: bytes, size: int) -> None:
        position = random.randrange(size)

        def told(response: GetInclusionProofResponse) -> str:
            proof = list(response.hashes)
            verify_entry(leaf=response.leaf, index=position, proof=proof, signed_checkpoint=newer, vkey=self._key)
            return ANSWERED

        made = partial(self._log.inclusion_proof, position, size, timeout=CALL_SECONDS)
        visit.call("LogService.GetInclusionProof", made, told=told)
