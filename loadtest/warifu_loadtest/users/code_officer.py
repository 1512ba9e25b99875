"""The officer who enters families that move in: numbers designated at the registry, codes acquired at an agency.

The people are made up for the call, and stay in the network: it grows by them. Their numbers are forgotten here at once.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Collection, Sequence
from functools import partial

from warifu.api.node.v1.node_service_pb2 import AcquisitionResult, PersonToAcquire
from warifu.errors import Reason, WarifuError
from warifu.identifiers import ResidentRecordCode
from warifu_loadtest.deciding.tally import ANSWERED
from warifu_loadtest.driving.neighbourhood import Neighbourhood
from warifu_loadtest.driving.visit import CALL_SECONDS, Visit
from warifu_loadtest.users.user import LoadUser

__all__ = ["CodeOfficer"]

_REGISTRY = "residence"


class CodeOfficer(LoadUser):
    """Enters one family."""

    share = 2.0

    def __init__(self, around: Neighbourhood, company: Collection[str]) -> None:
        super().__init__(around, company)
        self._registries = around.agencies_of(_REGISTRY)

    @classmethod
    def can_be(cls, around: Neighbourhood) -> bool:
        """Whether a registry is here, which alone may have numbers designated."""
        return bool(around.agencies_of(_REGISTRY))

    def visit(self, visit: Visit) -> None:
        """Have numbers designated and codes acquired with them."""
        registry, agency = random.choice(self._registries), random.choice(self.around.agencies)
        family = [ResidentRecordCode.from_body(f"{secrets.randbelow(10**10):010d}").digits for _ in range(4)]
        designate = partial(self.around.authority(registry).designate_my_numbers, family, timeout=CALL_SECONDS)
        my_numbers = visit.call("AuthorityService.DesignateMyNumbers", designate)
        if my_numbers is None:
            return
        people = [PersonToAcquire(local_number=f"M-{secrets.token_hex(8)}", my_number=each) for each in my_numbers]
        acquire = partial(self.around.node(agency).acquire_codes, people, timeout=CALL_SECONDS)
        visit.call("NodeService.AcquireCodes", acquire, told=_told)


def _told(results: Sequence[AcquisitionResult]) -> str:
    """How an answer counts. Raises: why a person of the family got no code."""
    for result in results:
        if result.reason:
            known = result.reason in Reason.__members__
            raise WarifuError(Reason[result.reason] if known else Reason.INTERNAL, where="results")
    return ANSWERED
