"""The supervisor (個人情報保護委員会), who withdraws the assessment of a file for a moment and reinstates it.

Inquiries for that file are refused meanwhile; where the supervisor is one of the users, clerks mean that.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from functools import partial

from warifu.api.hub.v1 import supervision_service_pb2 as supervision_pb2
from warifu_loadtest.driving.neighbourhood import Neighbourhood
from warifu_loadtest.driving.visit import CALL_SECONDS, Visit
from warifu_loadtest.users.user import LoadUser

__all__ = ["Supervisor"]

_SET = "SupervisionService.SetAssessmentStatus"


class Supervisor(LoadUser):
    """Withdraws, looks and reinstates."""

    share = 0.5

    def __init__(self, around: Neighbourhood, company: Collection[str]) -> None:
        super().__init__(around, company)
        self._supervision = around.supervision()

    @classmethod
    def can_be(cls, around: Neighbourhood) -> bool:
        """Whether the supervisor's certificate is here, and some file that is asked for."""
        return around.supervises and bool(around.offices)

    def visit(self, visit: Visit) -> None:
        """Withdraw one file's assessment, look at the list, reinstate it."""
        question = random.choice(random.choice(self.around.offices).questions)
        file = (self.around.described.institution(question.provider), question.item_code)
        withdrawn, in_force = supervision_pb2.ASSESSMENT_STATUS_WITHDRAWN, supervision_pb2.ASSESSMENT_STATUS_IN_FORCE
        setting = partial(self._supervision.set_assessment, *file, timeout=CALL_SECONDS)
        try:
            visit.call(_SET, partial(setting, status=withdrawn))
            visit.call("SupervisionService.ListWithdrawnAssessments", self._listed)
        finally:
            visit.call(_SET, partial(setting, status=in_force))

    def _listed(self) -> int:
        return len(list(self._supervision.withdrawn_assessments(timeout=CALL_SECONDS)))
