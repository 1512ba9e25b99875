"""A page of a list that holds fewer items than asked for, though there are more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from google.protobuf.message import Message

from warifu_kit.faults.draws import Draws
from warifu_kit.faults.fault import Fault, Knob
from warifu_kit.faults.plan import Plan

__all__ = ["ShortPage"]

_PAGE_SIZE, _LARGEST_PAGE = 250, 1_000  # what lists give where nothing is asked for, and at most

_LISTS = frozenset(
    {
        "LogService.ListLeaves",
        "NodeService.ListExchangeRecords",
        "NodeService.ListPendingProvisions",
        "SupervisionService.ListWithdrawnAssessments",
    }
)


def _shorten(request: Message, draws: Draws) -> None:
    """Ask the party itself for less: so every page token stays one that the party gave."""
    wanted = min(getattr(request, ShortPage.needs) or _PAGE_SIZE, _LARGEST_PAGE)
    setattr(request, ShortPage.needs, 1 + draws.below(max(wanted // 2, 1), ShortPage.name, "size"))


@dataclass(frozen=True, slots=True)
class ShortPage(Fault):
    """Only an empty ``next_page_token`` says that a list is at its end."""

    name: ClassVar[str] = "short_page"
    written: ClassVar[str] = "short_page"
    told: ClassVar[str] = "gets at most half the items it asked for, and the token of the next page"
    served_only: ClassVar[bool] = True
    needs: ClassVar[str] = "page_size"
    knob: ClassVar[Knob | None] = Knob(rate=0.25, rpcs=_LISTS, attempts=1_000)

    def change(self, plan: Plan) -> Plan:
        """See the contract."""
        return replace(plan, edit_request=(*plan.edit_request, _shorten))
