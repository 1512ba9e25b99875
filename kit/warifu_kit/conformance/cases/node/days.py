"""From which day until which a record is provided: days in Japan, both included."""

from __future__ import annotations

from warifu.agency import Absence
from warifu.clock import SystemClock, day_in_japan
from warifu_kit.conformance.case import Check, Subject, expect, unknown
from warifu_kit.conformance.cast import FIRST_DAY, LAST_DAY, OVER, TOMORROW, CastPerson
from warifu_kit.conformance.node_under_check import CheckedNode

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "days", "checks.md")
_RULE = "A replica is provided if today in Japan is from publication_start to publication_end, both included"
_MEND = "Take the day from a clock of Asia/Tokyo, not from UTC or the machine's zone, and compare with <= at both ends."


async def _found(node: CheckedNode, person: CastPerson) -> object:
    """What is found of somebody on the day that their days count from. Raises: CaseEnd."""
    found = await node.found(node.asked(person))
    today = day_in_japan(SystemClock().now())
    node.evidence.noted(f"today in Japan is {today}")
    if today != node.about.day:
        raise unknown("a day began in Japan since the check began; run it again")
    return found


def _given(person: CastPerson) -> Check:
    async def check(node: CheckedNode) -> None:
        found = await _found(node, person)
        expect(not isinstance(found, Absence), f"there was {found}")

    return check


def _not_published(person: CastPerson) -> Check:
    async def check(node: CheckedNode) -> None:
        found = await _found(node, person)
        expect(found is Absence.NOT_PUBLISHED, f"there was {found}")

    return check


for _name, _words, _check in (
    ("first", "On its first day a record is given", _given(FIRST_DAY)),
    ("before", "On the day before its first a record is NOT_PUBLISHED", _not_published(TOMORROW)),
    ("last", "On its last day a record is given", _given(LAST_DAY)),
    ("after", "On the day after its last a record is NOT_PUBLISHED", _not_published(OVER)),
):
    SUBJECT.add(_name, _words, rule=_RULE, at="the-provider", mend=_MEND, check=_check)
