"""The page of costs shows the numbers that are counted, and the goals that the bench has."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from tests.unit.counted_cost.costs import BYTES_ON_DISK, PROOF, UNPROVEN, Costs
from tests.unit.counted_cost.test_counted_cost_of_codes import CONVERTED, OPENED

PARTIES = ("inquirer", "hub", "provider")
ROWS = {
    "multiplications of a point": ("multiply",),
    "multiplications of the generator": ("base_multiply",),
    "additions and subtractions": ("add", "subtract"),
    "signatures made": ("sign",),
    "signatures verified": ("verify",),
    "set-ups of HPKE": ("hpke_set_up",),
    "boxes sealed or opened": ("box",),
}
ELSEWHERE = {
    "bulk_ratio",
    "first_exchange_s",
    "card_sign_ratio",
    "apdu_round_trip_p50_ms",
    "ocsp_per_core_s",
    "issue_1000_cards_s",
}
"""Goals that have pages of their own."""


@pytest.fixture(scope="session")
def page(pages: dict[str, str]) -> str:
    return pages["docs/performance.md"]


def _row(page: str, begins: str) -> list[str]:
    (line,) = [line for line in page.splitlines() if line.startswith(f"| {begins} ")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def _told(each: int, shared: int) -> str:
    return f"{each} + {shared}" if shared else str(each)


def _counted(part: str, kinds: tuple[str, ...]) -> tuple[int, int]:
    found = [table.get(part, {}).get(kind, (0, 0)) for table in (UNPROVEN, PROOF) for kind in kinds]
    return sum(each for each, _ in found), sum(shared for _, shared in found)


@pytest.mark.parametrize("row", ROWS)
def test_what_a_party_does_is_as_counted(page: str, row: str) -> None:
    assert _row(page, row)[1:4] == [_told(*_counted(party, ROWS[row])) for party in PARTIES]


@pytest.mark.parametrize(("row", "what"), [("records written", "records"), ("disk syncs", "syncs")])
def test_what_is_written_is_as_counted(page: str, row: str, what: str) -> None:
    assert _row(page, row)[1:4] == [_told(*UNPROVEN["disk"][f"{party} {what}"]) for party in PARTIES]


def test_messages_are_as_counted(page: str) -> None:
    shared = {way: number for way, (_, number) in UNPROVEN["messages"].items()}
    sent = [shared["to hub"], shared["from hub"] + shared["to provider"], shared["from provider"]]
    assert _row(page, "messages sent")[1:4] == [_told(0, number) for number in sent]


def test_issued_codes_are_as_counted(page: str) -> None:
    told = f"costs the hub {_told(*CONVERTED['multiply'])} multiplications and the agency {_told(*OPENED['multiply'])}"
    assert told in page


def test_bytes_on_disk_are_those_that_are_held(page: str) -> None:
    hub, inquirer, provider = (f"{BYTES_ON_DISK[party]:,}" for party in ("hub", "inquirer", "provider"))
    assert f"leaves about {hub} bytes at the hub, {inquirer} at the inquirer and {provider} at the provider" in page


@pytest.mark.parametrize(("cell", "tables"), [("bulk", (UNPROVEN, PROOF)), ("bulk_unproven", (UNPROVEN,))])
def test_the_floor_of_the_bench_is_the_arithmetic_that_is_counted(
    tree: Path, cell: str, tables: tuple[Costs, ...]
) -> None:
    told = _literal(tree, "ROW_ARITHMETIC")[cell]
    kinds = {"add": ("add", "subtract")}
    counted = {
        name: sum(
            table.get(party, {}).get(kind, (0, 0))[0]
            for table in tables
            for party in PARTIES
            for kind in kinds.get(name, (name,))
        )
        for name in told
    }
    assert told == counted


def _literal(tree: Path, name: str) -> Any:
    module = ast.parse((tree / "bench" / "figures.py").read_text("utf-8"))
    (value,) = [
        each.value for each in module.body if isinstance(each, ast.AnnAssign) and ast.unparse(each.target) == name
    ]
    assert value is not None
    return ast.literal_eval(value)


def test_every_goal_of_the_bench_is_there_with_its_number(page: str, tree: Path) -> None:
    goals = _literal(tree, "GOALS")
    table = [line for line in page.splitlines() if line.startswith("| `")]
    for name, (_, bound) in goals.items():
        if name in ELSEWHERE:
            continue
        (row,) = [line for line in table if f"`{name}`" in line]
        assert re.search(rf"(?<![\d.]){bound:.2f}".rstrip("0").rstrip("."), row), f"{name}: {bound}"
