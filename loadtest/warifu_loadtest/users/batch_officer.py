"""The officer who hands in a file of inquiries (一括照会) and waits for all its rows.

The rows go to the node together; each counts by itself, and its time runs from when the file was handed in.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.errors import Reason, WarifuError
from warifu.rpc.call_failure import error_of
from warifu_loadtest.driving.neighbourhood import Neighbourhood
from warifu_loadtest.driving.visit import CALL_SECONDS, Visit
from warifu_loadtest.users.clerk import inquiry_of, meant_refusals, told_of
from warifu_loadtest.users.user import LoadUser

__all__ = ["BatchOfficer", "Rows"]

_ROWS = 20
_RPC = "NodeService.BulkInquire (a row)"


class BatchOfficer(LoadUser):
    """Hands in a file of some rows at one office."""

    share = 1.0
    waits = False

    def __init__(self, around: Neighbourhood, company: Collection[str]) -> None:
        super().__init__(around, company)
        self._meant = meant_refusals(company)

    @classmethod
    def can_be(cls, around: Neighbourhood) -> bool:
        """Whether there is any office here."""
        return bool(around.offices)

    def visit(self, visit: Visit) -> None:
        """Ask all rows, and look at what came of each."""
        office = random.choice(self.around.offices)
        inquiries = [inquiry_of(self.around, office) for _ in range(_ROWS)]
        rows = Rows(self.around.node(office.agency).bulk_inquire(inquiries, timeout=CALL_SECONDS))
        for _ in inquiries:
            visit.call(_RPC, rows.following, told=told_of, meant=self._meant, together=True)


class Rows:
    """What comes of the rows of a file, one after the other. What ends it early is the end of each row that is left."""

    def __init__(self, results: Iterator[node_pb2.BulkResult]) -> None:
        self._results = results
        self._broken: WarifuError | None = None

    def following(self) -> node_pb2.InquiryResult:
        """What came of the next row. Raises: why nothing did."""
        result = self._following()
        if result.HasField("failure"):
            raise error_of(result.failure)
        return result.result

    def _following(self) -> node_pb2.BulkResult:
        if self._broken is None:
            try:
                return next(self._results)
            except StopIteration:
                self._broken = WarifuError(Reason.HUB_ANSWER_INVALID, where="results")
            except WarifuError as error:
                self._broken = error
        raise self._broken
