"""SupervisionService: the supervisor withdraws and reinstates protection assessments (Act Art. 21(2), 28(6))."""

from __future__ import annotations

from collections.abc import Callable

from warifu.api.hub.v1 import supervision_service_pb2 as supervision_pb2
from warifu.api.hub.v1.supervision_service_pb2_grpc import SupervisionServiceServicer
from warifu.clock import Clock
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import DirectorySource
from warifu.identifiers import InstitutionCode, ItemCode
from warifu.permissions.table import PermissionTable
from warifu.pki import Role
from warifu.rpc.access import AccessTable
from warifu.rpc.identity import AnyContext, caller
from warifu.rpc.paging import PagedList, Turns
from warifu_hub.leaves import assessment_leaf
from warifu_hub.store import Assessment, HubStore

__all__ = ["SUPERVISION_ACCESS", "SupervisionServicer"]

_SERVICE = "/warifu.api.hub.v1.SupervisionService"
_BETWEEN = "/"  # institution and item, in the key of one withdrawn assessment
_STATUSES = (supervision_pb2.ASSESSMENT_STATUS_IN_FORCE, supervision_pb2.ASSESSMENT_STATUS_WITHDRAWN)

SUPERVISION_ACCESS: AccessTable = {
    f"{_SERVICE}/SetAssessmentStatus": frozenset({Role.SUPERVISOR}),
    f"{_SERVICE}/ListWithdrawnAssessments": frozenset({Role.SUPERVISOR}),
}
"""Who may call which method of SupervisionService."""


class SupervisionServicer(SupervisionServiceServicer):
    """The generated base says what each method is for."""

    def __init__(
        self,
        *,
        directory: DirectorySource,
        permissions: PermissionTable,
        store: HubStore,
        turns: Turns,
        clock: Clock,
        check_log: Callable[[], None] = lambda: None,
    ) -> None:
        """``check_log`` raises LOG_BEHIND while nothing may be logged."""
        self._directory = directory
        self._permissions = permissions
        self._store = store
        self._clock = clock
        self._turns = turns
        self._withdrawn = PagedList(
            scope=("ListWithdrawnAssessments", directory.current().hub),
            first="",
            parse_key=str,
            rows=self._withdrawn_rows,
            item=_withdrawn_message,
        )
        self._check_log = check_log

    async def SetAssessmentStatus(
        self, request: supervision_pb2.SetAssessmentStatusRequest, context: AnyContext
    ) -> supervision_pb2.SetAssessmentStatusResponse:
        """Set and log the status of one file's assessment."""
        self._check_log()
        stated = request.assessment
        institution = InstitutionCode.parse(stated.institution_code, "assessment.institution_code")
        self._directory.current().entry(institution, where="assessment.institution_code")
        item_code = ItemCode.parse(stated.item_code, "assessment.item_code")
        if item_code not in self._permissions.items:
            raise WarifuError(Reason.ITEM_UNKNOWN, where="assessment.item_code")
        if stated.status not in _STATUSES:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="assessment.status")
        withdrawn = stated.status == supervision_pb2.ASSESSMENT_STATUS_WITHDRAWN
        supervisor = caller(context).institution
        leaf = assessment_leaf(supervisor, institution, item_code, self._clock.now(), withdrawn=withdrawn)
        position = await self._store.set_assessment(institution, item_code, withdrawn=withdrawn, leaf=leaf)
        return supervision_pb2.SetAssessmentStatusResponse(position=position)

    async def ListWithdrawnAssessments(
        self, request: supervision_pb2.ListWithdrawnAssessmentsRequest, context: AnyContext
    ) -> supervision_pb2.ListWithdrawnAssessmentsResponse:
        """List what is withdrawn."""
        page = await self._withdrawn.page(self._turns, request.page_size, request.page_token)
        return supervision_pb2.ListWithdrawnAssessmentsResponse(
            assessments=page.items, next_page_token=page.next_page_token
        )

    def _withdrawn_rows(self, after: str, count: int) -> list[tuple[str, Assessment]]:
        institution, _, item_code = after.partition(_BETWEEN)
        return [(_BETWEEN.join(each), each) for each in self._store.withdrawn_after((institution, item_code), count)]


def _withdrawn_message(withdrawn: Assessment) -> supervision_pb2.Assessment:
    institution, item_code = withdrawn
    status = supervision_pb2.ASSESSMENT_STATUS_WITHDRAWN
    return supervision_pb2.Assessment(institution_code=institution, item_code=item_code, status=status)
