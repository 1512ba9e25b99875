"""A run as JUnit's XML, which every CI server shows.

Decides that an unknown end is an error there and never a success, and that an expected failure is skipped.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

from warifu_kit.conformance.case import Finished, Verdict
from warifu_kit.conformance.outcome import Outcome

__all__ = ["as_junit"]

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(outcome: Outcome) -> bytes:
    """The file's bytes."""
    surprises = outcome.passed_unexpectedly
    failures = sum(each.verdict is Verdict.FAIL and not outcome.is_expected(each) for each in outcome.finished)
    expected = sum(outcome.is_expected(each) for each in outcome.finished)
    counts = {
        "tests": len(outcome.finished),
        "failures": failures + len(surprises),
        "errors": outcome.counts[Verdict.UNKNOWN],
        "skipped": outcome.counts[Verdict.SKIPPED] + expected,
    }
    named = {name: str(number) for name, number in counts.items()}
    suite = ElementTree.Element("testsuite", {"name": f"warifu check {outcome.party} (SIMULATED)", **named})
    skipped, all_cases = outcome.counts[Verdict.SKIPPED], len(outcome.finished)
    told_of_all = {
        "looked at": f"{all_cases - skipped} of {all_cases} cases",
        "little looked at": str(outcome.little_looked_at),
    }
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in told_of_all.items():
        ElementTree.SubElement(properties, "property", {"name": name, "value": value})
    for each in outcome.finished:
        _add(suite, outcome, each, each.case.case_id in surprises)
    told: bytes = ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True)
    return told


def _add(suite: ElementTree.Element, outcome: Outcome, finished: Finished, surprise: bool) -> None:
    case = finished.case
    place = {"classname": f"{case.party}.{case.subject}", "name": case.case_id, "time": f"{finished.seconds:.3f}"}
    element = ElementTree.SubElement(suite, "testcase", place)
    if surprise:
        ElementTree.SubElement(element, "failure", {"message": "passed, though it was expected to fail"})
        return
    expected = outcome.is_expected(finished)
    kinds = {Verdict.FAIL: "skipped" if expected else "failure", Verdict.UNKNOWN: "error", Verdict.SKIPPED: "skipped"}
    if finished.verdict is Verdict.PASS:
        return
    message = f"expected to fail: {finished.words}" if expected else finished.words
    told = ElementTree.SubElement(element, kinds[finished.verdict], {"message": _plain(message)})
    steps = [f"{step.direction}: {step.words}" for step in finished.steps]
    told.text = _plain("\n".join([f"{case.title}", f"rule: {case.rule} ({case.place})", *steps, f"mend: {case.mend}"]))


def _plain(text: str) -> str:
    return _NOT_XML.sub("?", text)
