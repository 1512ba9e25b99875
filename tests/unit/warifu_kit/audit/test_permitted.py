"""The log against the table: what is found, and what a log cannot say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from warifu.api.directory.v1.directory_service_pb2 import DirectoryFile
from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.log.v1.log_service_pb2 import ExchangeLeaf
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory_header import header_digest
from warifu.identifiers import InstitutionCode, MunicipalityCode
from warifu.party.directory_file import read_directory_file
from warifu.permissions.table import PermissionTable
from warifu.pki import Role
from warifu_kit.audit.permitted import UNDER_WAY_S, PermissionAudit, audit_permissions
from warifu_kit.network.creation import DEFAULT_MEMBERS, Member, create_network

TABLE = PermissionTable.load()
SUBSIDY = Member(
    party="subsidies",
    role=Role.AGENCY,
    kind="medical_subsidy",
    name="Medical subsidies (SIMULATED)",
    institution=InstitutionCode.build(18, MunicipalityCode("011002"), 1),
)
CODES = {member.party: str(member.institution) for member in (*DEFAULT_MEMBERS, SUBSIDY)}
TAX, CHILDCARE, SUPERVISOR, SUBSIDIES = (CODES[party] for party in ("tax", "childcare", "supervisor", "subsidies"))
LOCAL_TAX = "TM00000000000002"
PERMITTED = log_pb2.LEAF_EVENT_PERMITTED
NOON = 1_780_000_000


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> DirectoryFile:
    """The directory of a network with an office that asks under an ordinance."""
    path = tmp_path_factory.mktemp("audited") / "net"
    create_network(path, members=(*DEFAULT_MEMBERS, SUBSIDY))
    return read_directory_file(path / "hub" / "directory.json")


def said_published(version: DirectoryFile) -> ExchangeLeaf:
    return ExchangeLeaf(
        event=log_pb2.LEAF_EVENT_DIRECTORY_PUBLISHED,
        directory_version=version.header.version,
        directory_digest=header_digest(version.header),
    )


def permitted(number: int = 1, at_s: int = NOON, **changes: Any) -> ExchangeLeaf:
    values: dict[str, Any] = {
        "event": PERMITTED,
        "processing_number": f"{number:020d}",
        "inquirer": CHILDCARE,
        "provider": TAX,
        "procedure_code": "JT99000000000001",
        "item_code": LOCAL_TAX,
        "permission_row": "R01",
        **changes,
    }
    leaf = ExchangeLeaf(**values)
    leaf.event_time.seconds = at_s
    return leaf


def assessed(event: log_pb2.LeafEvent, institution: str, at_s: int) -> ExchangeLeaf:
    leaf = ExchangeLeaf(event=event, inquirer=SUPERVISOR, provider=institution, item_code=LOCAL_TAX)
    leaf.event_time.seconds = at_s
    return leaf


Audit = Callable[..., PermissionAudit]


@pytest.fixture(scope="module")
def audit(version: DirectoryFile) -> Audit:
    """Audits a log that says first that the directory was published."""

    def audited(*leaves: ExchangeLeaf) -> PermissionAudit:
        log = [each.SerializeToString() for each in (said_published(version), *leaves)]
        return audit_permissions(log, TABLE, [version])

    return audited


def reasons(audited: PermissionAudit) -> list[tuple[int, str]]:
    return [(each.position, each.reason) for each in audited.forbidden]


def test_what_the_table_permits_is_no_finding(audit: Audit) -> None:
    answered = permitted(event=log_pb2.LEAF_EVENT_ANSWERED)
    assert audit(permitted(), answered, permitted(2)) == PermissionAudit(permitted=2, forbidden=())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"procedure_code": "JT99000000000007"}, "EXCHANGE_NOT_PERMITTED"),
        ({"procedure_code": "JT99000000000007", "permission_row": "R09"}, "EXCHANGE_NOT_PERMITTED"),
        ({"procedure_code": "JT77777777777777"}, "PROCEDURE_UNKNOWN"),
        ({"item_code": "TM77777777777777"}, "ITEM_UNKNOWN"),
        ({"item_code": "?"}, "REQUEST_MALFORMED"),
        ({"inquirer": TAX, "provider": CHILDCARE}, "EXCHANGE_NOT_PERMITTED"),
        ({"inquirer": "9990000000000001"}, "INSTITUTION_UNKNOWN"),
        ({"permission_row": "R02"}, "EXCHANGE_NOT_PERMITTED"),
        ({"permission_row": ""}, "EXCHANGE_NOT_PERMITTED"),
        ({"event": log_pb2.LEAF_EVENT_ANSWERED}, "EXCHANGE_NOT_PERMITTED"),
    ],
)
def test_what_it_forbids_is_found_where_it_lies_with_the_reason(
    audit: Audit, changes: dict[str, Any], reason: str
) -> None:
    assert reasons(audit(permitted(1), permitted(2, **changes), permitted(3))) == [(2, reason)]


def test_a_leaf_that_cannot_be_read_is_a_finding_too(version: DirectoryFile) -> None:
    log = [said_published(version).SerializeToString(), b"\xff"]
    (found,) = audit_permissions(log, TABLE, [version]).forbidden
    assert (found.position, found.reason) == (1, "LOG_INVALID")


def test_an_ordinance_affair_goes_by_its_own_rows_and_no_log_says_whether_consent_is_there(audit: Audit) -> None:
    row = next(each for each in TABLE.rows if each.ordinance and "medical_subsidy" in each.inquirer_kinds)
    asked: dict[str, Any] = {
        "inquirer": SUBSIDIES,
        "procedure_code": row.procedure_code,
        "item_code": next(grant.item_code for grant in row.grants if grant.provider_kind == "tax"),
    }
    assert reasons(audit(permitted(permission_row=row.row_number, **asked))) == []
    assert reasons(audit(permitted(permission_row="R01", **asked))) == [(1, "EXCHANGE_NOT_PERMITTED")]


@pytest.mark.parametrize("institution", [TAX, CHILDCARE])
def test_an_assessment_that_was_withdrawn_stops_what_is_permitted_a_minute_later(
    audit: Audit, institution: str
) -> None:
    withdrawn, reinstated = log_pb2.LEAF_EVENT_ASSESSMENT_WITHDRAWN, log_pb2.LEAF_EVENT_ASSESSMENT_REINSTATED
    audited = audit(
        permitted(1, NOON),
        assessed(withdrawn, institution, NOON),
        permitted(2, NOON + UNDER_WAY_S),
        permitted(3, NOON + UNDER_WAY_S + 1),
        assessed(reinstated, institution, NOON + 200),
        permitted(4, NOON + 201),
    )
    assert reasons(audited) == [(4, "ASSESSMENT_NOT_IN_FORCE")]


def refused(*leaves: ExchangeLeaf, version: DirectoryFile, table: PermissionTable = TABLE) -> WarifuError:
    with pytest.raises(WarifuError) as error:
        audit_permissions([each.SerializeToString() for each in leaves], table, [version])
    return error.value


def copy_of(version: DirectoryFile) -> DirectoryFile:
    copy = DirectoryFile()
    copy.CopyFrom(version)
    return copy


def test_a_directory_that_the_log_does_not_say_was_published_is_no_evidence(version: DirectoryFile) -> None:
    later = copy_of(version)
    later.header.made_ms += 1
    assert refused(said_published(later), version=version).reason is Reason.FILE_INVALID
    assert refused(version=version).reason is Reason.FILE_INVALID
    fewer = copy_of(version)
    del fewer.entries[0]
    assert refused(said_published(version), version=fewer).reason is Reason.FILE_INVALID
    with pytest.raises(WarifuError):
        audit_permissions([], TABLE, [])


def test_a_directory_in_which_an_institution_is_of_another_kind_is_refused(version: DirectoryFile) -> None:
    changed = copy_of(version)
    next(entry for entry in changed.entries if entry.institution_code == TAX).institution_kind = "insurance"
    assert refused(said_published(version), version=changed).reason is Reason.DIRECTORY_INVALID


def test_another_table_than_the_directory_names_is_refused(version: DirectoryFile) -> None:
    other = replace(TABLE, digest=bytes(32))
    assert refused(said_published(version), version=version, table=other).reason is Reason.CONFIG_INVALID
