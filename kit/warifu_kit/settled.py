"""What ``warifu populate`` writes: who the made-up people of a network are, for those who try things with them.

Decides the shape of ``population.json``. It holds what only the offices together could know, My Numbers included, so it
is readable by its owner alone. Everybody in it is SIMULATED.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from warifu.client import NetworkDescription
from warifu.errors import Reason, WarifuError
from warifu.pki import write_private_file
from warifu.saved_text import NotTextError, parse_json
from warifu_kit.demo.population import Population
from warifu_kit.demo.registrations import AgencyPlan, ProcedurePlan, Registrations

__all__ = ["POPULATION_FILE", "describe_population", "write_population"]

POPULATION_FILE = "population.json"


def describe_population(plan: Registrations, population: Population, network: NetworkDescription) -> dict[str, Any]:
    """The people of each agency, and for each office that asks: its applicants, and whom it asks for what about whom.

    ``residents`` says where each person is: the municipality, and the local number at every agency that has the person.
    """
    return {
        "notice": "SIMULATED people. Never put real My Numbers here.",
        "agencies": {
            name: {"institution_code": network.institution(name), "people": _people(agency, population)}
            for name, agency in plan.agencies.items()
        },
        "offices": {
            agency: _office(procedure, agency) for procedure in plan.procedures for agency in procedure.agencies
        },
        "residents": _residents(plan, population),
    }


def _residents(plan: Registrations, population: Population) -> list[dict[str, Any]]:
    at: dict[int, dict[str, str]] = {}
    for agency in plan.agencies.values():
        for number, person in agency.people.items():
            at.setdefault(number, {})[agency.agency] = person.local_number
    return [
        {
            "my_number": population.my_numbers[each.resident_number],
            "municipality_code": each.municipality_code,
            "local_numbers": at[each.resident_number],
        }
        for each in plan.residents
    ]


def _people(agency: AgencyPlan, population: Population) -> list[dict[str, str]]:
    return [
        {"local_number": person.local_number, "my_number": population.my_numbers[number]}
        for number, person in agency.people.items()
    ]


def _office(procedure: ProcedurePlan, agency: str) -> dict[str, Any]:
    """``applicants_at`` has, for each provider that can be asked, those about whom to ask it."""
    cases = [case for case in procedure.cases if case.agency == agency]
    asked: dict[str, list[str]] = {}
    for case in cases:
        for provider, _ in case.questions:
            asked.setdefault(provider, []).append(case.local_number)
    return {
        "procedure_code": procedure.procedure_code,
        "questions": [
            {"provider": provider, "item_code": item} for provider, item in procedure.providers if provider in asked
        ],
        "applicants": [case.local_number for case in cases],
        "applicants_at": asked,
    }


def _joined(earlier: Any, later: Any) -> Any:
    """``earlier`` with what ``later`` adds: people stay registered when others come."""
    if isinstance(earlier, dict) and isinstance(later, dict):
        return {name: _joined(earlier.get(name, value), value) for name, value in (earlier | later).items()}
    if isinstance(earlier, list) and isinstance(later, list):
        return list({json.dumps(each): each for each in (*earlier, *later)}.values())
    return later


def write_population(folder: Path, described: dict[str, Any]) -> Path:
    """Write ``population.json`` into a network's folder, readable by its owner alone; its path.

    People who are in the file already stay in it. Raises: FILE_INVALID when the file there is none of ours.
    """
    path = folder / POPULATION_FILE
    if path.exists():
        try:
            described = _joined(parse_json(path.read_bytes()), described)
        except NotTextError as error:
            raise WarifuError(Reason.FILE_INVALID, where=error.at(str(path))) from error
    write_private_file(path, (json.dumps(described, ensure_ascii=False, indent=1) + "\n").encode())
    return path
