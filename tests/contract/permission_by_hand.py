"""Deciding by the permission table, from docs/protocol/directory.md alone."""

from __future__ import annotations

from typing import Any, NamedTuple

from ruamel.yaml import YAML


class Asked(NamedTuple):
    """What is asked: kinds and codes of both sides, and two flags."""

    inquirer_kind: str
    inquirer: str
    provider_kind: str
    provider: str
    procedure: str
    item: str
    ordinance: bool
    consent: bool


def table(content: str) -> dict[str, Any]:
    """The file as YAML 1.2 reads it."""
    parsed: dict[str, Any] = YAML(typ="safe", pure=True).load(content)
    return parsed


def decided(of: dict[str, Any], asked: Asked) -> str:
    """The number of the row that permits it, or the reason why none does."""
    if asked.procedure not in {each["code"] for each in of["procedures"]}:
        return "PROCEDURE_UNKNOWN"
    if asked.item not in {each["code"] for each in of["items"]}:
        return "ITEM_UNKNOWN"
    found = [
        (row, grant)
        for row in of["rows"]
        for grant in row["grants"]
        if row["procedure"] == asked.procedure
        and row.get("ordinance", False) == asked.ordinance
        and asked.inquirer_kind in row["inquirers"]
        and (grant["provider"], grant["item"]) == (asked.provider_kind, asked.item)
    ]
    if not found:
        return "EXCHANGE_NOT_PERMITTED"
    ((row, grant),) = found
    if grant.get("consent", False) and not asked.consent:
        return "CONSENT_MISSING"
    for kind, institution in ((asked.provider_kind, asked.provider), (asked.inquirer_kind, asked.inquirer)):
        if not _in_force(of, kind, institution, asked.item):
            return "ASSESSMENT_NOT_IN_FORCE"
    return str(row["number"])


def _in_force(of: dict[str, Any], kind: str, institution: str, item: str) -> bool:
    """The file's own line for the institution if there is one, else for its kind."""
    for name, value in (("institution", institution), ("kind", kind)):
        for line in of["assessments"]:
            if line.get(name) == value and item in line["items"]:
                return bool(line["status"] == "in_force")
    return False
