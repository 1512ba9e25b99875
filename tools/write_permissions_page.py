#!/usr/bin/env python3
"""Writes docs/permissions.md from the permission table that the hub loads.

With ``--check`` nothing is written and a page that differs is an error.

Usage::

    .venv/bin/python tools/write_permissions_page.py
    .venv/bin/python tools/write_permissions_page.py --check
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from warifu.permissions.table import DEFAULT_TABLE, Evidence, Grant, LawRow, PermissionRow, PermissionTable

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "permissions.md"


def _law(row: LawRow | None) -> str:
    if row is None:
        return ""
    return f"{row.row or '?'} ({_evidence(row.evidence, row.sources)})"


def _evidence(evidence: Evidence, sources: Iterable[str]) -> str:
    named = ", ".join(sources)
    return f"{evidence.value}: {named}" if named else evidence.value


def _row_lines(rows: Iterable[PermissionRow], table: PermissionTable) -> Iterator[str]:
    yield "| row | affair | inquirer | provider | item | consent | evidence | law row | old row |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for row in rows:
        for grant in row.grants:
            yield _grant_line(row, grant, table)


def _grant_line(row: PermissionRow, grant: Grant, table: PermissionTable) -> str:
    cells = (
        row.row_number,
        f"{row.affair} ({row.procedure.japanese})",
        ", ".join(row.inquirer_kinds),
        grant.provider_kind,
        table.items[grant.item_code].english,
        "needed" if grant.consent_required else "",
        _evidence(grant.evidence, grant.sources),
        _law(row.law_row),
        _law(row.old_row),
    )
    return f"| {' | '.join(cells)} |"


def _note_lines(rows: Iterable[PermissionRow]) -> Iterator[str]:
    for row in rows:
        similar = f"resembles {row.similar_to}" if row.similar_to else ""
        said = "; ".join(part for part in (similar, row.note) if part)
        if said:
            yield f"- {row.row_number}: {said}."


def _procedure_lines(table: PermissionTable) -> Iterator[str]:
    yield "| procedure | affair | name | evidence of the codes |"
    yield "|---|---|---|---|"
    for procedure in table.procedures.values():
        names = f"{procedure.english} ({procedure.japanese})"
        yield (f"| `{procedure.procedure_code}` | `{procedure.affair_code}` | {names} | {procedure.evidence.value} |")


def _item_lines(table: PermissionTable) -> Iterator[str]:
    yield "| item | name | provided by | record | evidence of the code |"
    yield "|---|---|---|---|---|"
    for item in table.items.values():
        message = f"`{item.message}`" if item.message else "none yet"
        providers = ", ".join(sorted(item.provided_by))
        yield f"| `{item.item_code}` | {item.english} ({item.japanese}) | {providers} | {message} | {item.evidence.value} |"


def page() -> str:
    """The whole page."""
    table = PermissionTable.load(DEFAULT_TABLE)
    statutory = [row for row in table.rows if not row.ordinance]
    ordinance = [row for row in table.rows if row.ordinance]
    counted = Counter(grant.evidence for row in table.rows for grant in row.grants)
    counts = ", ".join(f"{counted[evidence]} {evidence.value}" for evidence in Evidence)
    return "\n".join(
        [
            "# Who may ask whom for what",
            "",
            "<!-- Written by tools/write_permissions_page.py; change src/warifu/permissions/permissions.yaml, not this page. -->",
            "",
            "**SIMULATED.** This is the table by which the simulator's hub decides",
            "([permissions.yaml](../src/warifu/permissions/permissions.yaml)). It is a partial reconstruction and no statement of",
            "the law: the ministerial order that lists providers and items was not found.",
            "",
            f"{len(statutory)} statutory rows and {len(ordinance)} ordinance rows open {sum(counted.values())} pairs of provider and item: {counts}.",
            "",
            "- **verified**: the named source says so;",
            "- **partial**: a source points the same way, but not at this exact pair;",
            "- **unverified**: recalled or assumed. Codes beginning with `TM99`, `JT99` or `JM99` are made up.",
            "",
            "*Law row* is the row of the Act's present appended table (別表); *old row* is the row of the former Appended",
            "Table 2 (別表第二). An exchange also needs the protection assessment (特定個人情報保護評価) of the provider's file",
            "and of the inquirer's to be in force.",
            "",
            "## By the Act: Article 19(8)",
            "",
            *_row_lines(statutory, table),
            "",
            *_note_lines(statutory),
            "",
            "## By ordinance: Article 19(9)",
            "",
            *_row_lines(ordinance, table),
            "",
            *_note_lines(ordinance),
            "",
            "## Procedures",
            "",
            *_procedure_lines(table),
            "",
            "## Items",
            "",
            *_item_lines(table),
            "",
            "## Sources",
            "",
            *(f"- {name}: {text}." for name, text in table.sources.items()),
            "",
        ]
    )


def main() -> int:
    """Write the page, or with ``--check`` compare it. Returns the exit status."""
    wanted = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(wanted, "utf-8")
        return 0
    if not PAGE.exists() or PAGE.read_text("utf-8") != wanted:
        print(f"{PAGE.relative_to(ROOT)} is stale; run: .venv/bin/python tools/{Path(__file__).name}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
