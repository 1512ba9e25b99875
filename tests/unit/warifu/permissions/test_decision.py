"""Whether one exchange is permitted: the same at hub and provider, by kinds, and by the table that the directory names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.curve.edwards25519 import SUITE_2
from warifu.curve.group import Point
from warifu.errors import Reason, WarifuError
from warifu.exchange.context import ContextKind, ExchangeContext, ExchangeFlags
from warifu.exchange.directory import Directory
from warifu.exchange.directory_entry import DirectoryEntry
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode
from warifu.permissions.decision import check_lawful, check_table, decide_permission
from warifu.permissions.table import DEFAULT_TABLE, PermissionTable, table_digest

TAX, CHILDCARE = InstitutionCode("9020110020000001"), InstitutionCode("9030110020000001")
LOCAL_TAX = ItemCode("TM00000000000002")
POINT = Point(SUITE_2.base_multiply(SUITE_2.random_scalar()))


def entry(institution: InstitutionCode, kind: str) -> DirectoryEntry:
    return DirectoryEntry(
        institution=institution,
        kind=kind,
        name=kind,
        epoch=3,
        agency_key=POINT,
        opening_key=POINT,
        joint_key=POINT,
        factor_commitment=POINT,
        sealing_key=bytes(32),
        signing_key=bytes(32),
        key_id=b"k" * 8,
    )


@pytest.fixture(scope="module")
def table() -> PermissionTable:
    return PermissionTable.load()


@pytest.fixture(scope="module")
def directory() -> Directory:
    return Directory(
        network="sim-test",
        suite=2,
        hub=InstitutionCode("9900000000000001"),
        hub_signing_key=bytes(32),
        authority=InstitutionCode("9910000000000001"),
        authority_signing_key=bytes(32),
        log_verifier_key="",
        entries={TAX: entry(TAX, "tax"), CHILDCARE: entry(CHILDCARE, "childcare")},
    )


@pytest.fixture(scope="module")
def context(table: PermissionTable) -> ExchangeContext:
    (row,) = (row for row in table.rows if row.row_number == "R01")
    return ExchangeContext(
        suite=2,
        kind=ContextKind.EXCHANGE,
        request_id=bytes(16),
        inquirer=CHILDCARE,
        provider=TAX,
        item_code=LOCAL_TAX,
        procedure_code=row.procedure_code,
        flags=ExchangeFlags.NONE,
        issued_ms=1,
        expires_ms=2,
        epoch_from=3,
        epoch_to=3,
        key_id_to=b"k" * 8,
    )


def refusal(act: Any, *arguments: Any) -> WarifuError:
    with pytest.raises(WarifuError) as refused:
        act(*arguments)
    return refused.value


def test_the_row_that_permits_is_given(context: ExchangeContext, table: PermissionTable) -> None:
    row = decide_permission(context, entry(CHILDCARE, "childcare"), entry(TAX, "tax"), table, frozenset())
    assert row.row_number == "R01"


def test_kinds_decide_and_not_who_asks(context: ExchangeContext, table: PermissionTable) -> None:
    """Another office of the same kind may; the same institution, were it of another kind, may not."""
    decide_permission(context, entry(TAX, "childcare"), entry(CHILDCARE, "tax"), table, frozenset())
    for inquirer, provider in (("tax", "childcare"), ("insurance", "tax"), ("childcare", "insurance")):
        error = refusal(
            decide_permission, context, entry(CHILDCARE, inquirer), entry(TAX, provider), table, frozenset()
        )
        assert error.reason is Reason.EXCHANGE_NOT_PERMITTED


@pytest.mark.parametrize(("institution", "side"), [(TAX, "provider"), (CHILDCARE, "inquirer")])
def test_a_withdrawn_assessment_stops_the_file_it_is_of_and_no_other(
    context: ExchangeContext, table: PermissionTable, institution: InstitutionCode, side: str
) -> None:
    both = entry(CHILDCARE, "childcare"), entry(TAX, "tax")
    error = refusal(decide_permission, context, *both, table, frozenset({(institution, LOCAL_TAX)}))
    assert (error.reason, error.where) == (Reason.ASSESSMENT_NOT_IN_FORCE, f"inquiry.context.{side}")
    other_item = next(code for code in table.items if code != LOCAL_TAX)
    decide_permission(context, *both, table, frozenset({(institution, other_item)}))


def test_whether_it_is_permitted_is_decided_before_whether_it_is_assessed(
    context: ExchangeContext, table: PermissionTable
) -> None:
    unknown = replace(context, procedure_code=ProcedureCode("JT77777777777777"))
    withdrawn = frozenset({(TAX, LOCAL_TAX)})
    error = refusal(decide_permission, unknown, entry(CHILDCARE, "childcare"), entry(TAX, "tax"), table, withdrawn)
    assert error.reason is Reason.PROCEDURE_UNKNOWN


def test_a_permit_that_names_the_row_that_permits_it_is_lawful(
    context: ExchangeContext, directory: Directory, table: PermissionTable
) -> None:
    check_lawful(ProvisionPermit(permission_row="R01"), context, directory, table)


@pytest.mark.parametrize("row", ["", "R02", "R1", "O01"])
def test_a_permit_that_names_another_row_is_not(
    context: ExchangeContext, directory: Directory, table: PermissionTable, row: str
) -> None:
    error = refusal(check_lawful, ProvisionPermit(permission_row=row), context, directory, table)
    assert (error.reason, error.where) == (Reason.EXCHANGE_NOT_PERMITTED, "permit.permission_row")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"procedure_code": ProcedureCode("JT77777777777777")}, Reason.PROCEDURE_UNKNOWN),
        ({"procedure_code": ProcedureCode("JT99000000000002")}, Reason.EXCHANGE_NOT_PERMITTED),
        ({"item_code": ItemCode("TM77777777777777")}, Reason.ITEM_UNKNOWN),
        ({"item_code": ItemCode("TM00000000000004")}, Reason.EXCHANGE_NOT_PERMITTED),
        ({"flags": ExchangeFlags.ORDINANCE}, Reason.EXCHANGE_NOT_PERMITTED),
        ({"inquirer": TAX, "provider": CHILDCARE}, Reason.EXCHANGE_NOT_PERMITTED),
    ],
)
def test_a_permit_for_what_the_table_forbids_is_refused_whatever_row_it_names(
    context: ExchangeContext, directory: Directory, table: PermissionTable, changes: Any, reason: Reason
) -> None:
    for row in table.rows:
        permit = ProvisionPermit(permission_row=row.row_number)
        assert refusal(check_lawful, permit, replace(context, **changes), directory, table).reason is reason


def test_a_table_is_another_when_one_byte_of_its_file_is(table: PermissionTable) -> None:
    raw = DEFAULT_TABLE.read_bytes()
    assert table.digest == table_digest(raw)
    check_table(table.digest, table_digest(raw))
    assert refusal(check_table, table.digest, table_digest(raw + b"\n")).reason is Reason.CONFIG_INVALID
    assert refusal(check_table, table.digest, b"").reason is Reason.CONFIG_INVALID


def test_a_table_is_the_same_when_an_editor_saved_it_with_a_mark_or_other_ends_of_lines(table: PermissionTable) -> None:
    raw = DEFAULT_TABLE.read_bytes()
    assert table_digest(b"\xef\xbb\xbf" + raw) == table_digest(raw.replace(b"\n", b"\r\n")) == table.digest
