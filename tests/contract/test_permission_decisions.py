"""Whoever decides by the permission table from the page alone decides as the hub and every node do, whatever is asked."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from tests.contract.permission_by_hand import Asked, decided, table

from warifu.errors import WarifuError
from warifu.exchange.context import ContextKind, ExchangeContext, ExchangeFlags
from warifu.exchange.directory_entry import DirectoryEntry
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode
from warifu.permissions.decision import decide_permission
from warifu.permissions.table import DEFAULT_TABLE, PermissionTable

CODES = {"inquirer": InstitutionCode("9031310008000001"), "provider": InstitutionCode("9021310008000002")}
WITHDRAWN = """
  - {institution: "9021310008000002", form: full, status: withdrawn, items: ["TM00000000000002"]}
"""


@pytest.fixture(scope="module", params=["", WITHDRAWN], ids=["as shipped", "with a file withdrawn at one institution"])
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table's file."""
    path = tmp_path_factory.mktemp("table") / "permissions.yaml"
    path.write_text(DEFAULT_TABLE.read_text("utf-8").rstrip("\n") + str(request.param) + "\n", "utf-8")
    return path


def entry(institution: InstitutionCode, kind: str) -> DirectoryEntry:
    """An entry of which a decision looks at the kind and the institution only."""
    blank: Any = bytes(32)
    names = ("agency_key", "opening_key", "joint_key", "factor_commitment", "sealing_key", "signing_key")
    keys = dict.fromkeys(names, blank)
    return DirectoryEntry(institution=institution, kind=kind, name="", epoch=1, key_id=bytes(8), **keys)


def by_the_parties(loaded: PermissionTable, asked: Asked) -> str:
    flags = ExchangeFlags.ORDINANCE if asked.ordinance else ExchangeFlags.NONE
    flags |= ExchangeFlags.CONSENT if asked.consent else ExchangeFlags.NONE
    context = ExchangeContext(
        suite=2,
        kind=ContextKind.EXCHANGE,
        request_id=bytes(16),
        inquirer=CODES["inquirer"],
        provider=CODES["provider"],
        item_code=ItemCode(asked.item),
        procedure_code=ProcedureCode(asked.procedure),
        flags=flags,
        issued_ms=0,
        expires_ms=1,
        epoch_from=1,
        epoch_to=1,
        key_id_to=bytes(8),
    )
    sides = entry(CODES["inquirer"], asked.inquirer_kind), entry(CODES["provider"], asked.provider_kind)
    try:
        return decide_permission(context, *sides, loaded).row_number
    except WarifuError as error:
        return error.reason.value


def test_every_question_is_decided_as_the_parties_decide_it(file: Path) -> None:
    loaded, by_hand = PermissionTable.load(file), table(file.read_text("utf-8"))
    kinds = sorted(loaded.kinds)
    procedures = [*sorted(loaded.procedures), "JT00000000000000"]
    items = [*sorted(loaded.items), "TM00000000000000"]
    seen: dict[str, int] = {}
    for procedure, item, ordinance, consent in itertools.product(procedures, items, (False, True), (False, True)):
        asking = {kind for row in by_hand["rows"] if row["procedure"] == procedure for kind in row["inquirers"]}
        for inquirer, provider in itertools.product(sorted(asking | {kinds[0]}), kinds):
            sides = (inquirer, str(CODES["inquirer"]), provider, str(CODES["provider"]))
            asked = Asked(*sides, procedure, item, ordinance, consent)
            made = decided(by_hand, asked)
            assert made == by_the_parties(loaded, asked), asked
            seen[made] = seen.get(made, 0) + 1
    refusals = {"PROCEDURE_UNKNOWN", "ITEM_UNKNOWN", "EXCHANGE_NOT_PERMITTED", "CONSENT_MISSING"}
    assert refusals <= set(seen)
    assert ("ASSESSMENT_NOT_IN_FORCE" in seen) == (WITHDRAWN in file.read_text("utf-8"))
    assert len(seen) > 15
