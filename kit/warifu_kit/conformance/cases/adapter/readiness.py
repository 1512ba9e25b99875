"""Whether it says what it is and what it answers for."""

from __future__ import annotations

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2
from warifu_kit.conformance.adapter_under_check import CheckedAdapter
from warifu_kit.conformance.case import Subject, Turn, expect

__all__ = ["SUBJECT"]

SUBJECT = Subject("adapter", "readiness", "adapter.md")


@SUBJECT.case(
    "itself",
    "It says whose business system it is, and that it is ready",
    rule="institution_code is the own, ready says whether it would answer now",
    at="readiness",
    mend="Answer with institution_code of adapter.json; do not repeat what was asked.",
    turn=Turn.BASIC,
)
async def itself(adapter: CheckedAdapter) -> None:
    told = await adapter.readiness()
    expect(told.institution_code == str(adapter.about.system.institution), f"it says {told.institution_code!r}")
    expect(told.ready, "it says that it is not ready")


@SUBJECT.case(
    "items",
    "It says every item of its kind",
    rule="item_codes are all items that this kind of agency provides",
    at="readiness",
    mend="List every item of the kind, by docs/permissions.md where no package describes it; a node raises an alarm for one that is missing.",
)
async def items(adapter: CheckedAdapter) -> None:
    told, wanted = set((await adapter.readiness()).item_codes), adapter.about.provides
    expect(wanted <= told, f"it lacks {', '.join(sorted(wanted - told))}")
    expect(told <= wanted, f"it says items that the kind does not provide: {', '.join(sorted(told - wanted))}")


@SUBJECT.case(
    "whoever-is-meant",
    "It says whose business system it is, whichever institution is asked about",
    rule="institution_code is the own, whatever was asked",
    at="readiness",
    mend="Answer with institution_code of adapter.json; do not repeat what was asked. A refusal is good as well.",
)
async def whoever_is_meant(adapter: CheckedAdapter) -> None:
    own = str(adapter.about.system.institution)
    for asked in (adapter.about.asking.inquirer, "9999999999999999", ""):
        request = adapter_pb2.GetReadinessRequest(institution_code=asked)
        reply = await adapter.call("GetReadiness", request, caller=adapter.about.node)
        if reply.ok:
            said = adapter.parsed("GetReadiness", reply).institution_code
            expect(said == own, f"asked about {asked!r} it says that it is of {said!r}")
    await adapter.still_answers()
