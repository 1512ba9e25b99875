from __future__ import annotations

import pytest

from warifu.errors import Reason, WarifuError
from warifu.pki import Role
from warifu.rpc.access import EVERY_ROLE, complete_table

CHECK = "/grpc.health.v1.Health/Check"
ASK, ANSWER = "/test.Probe/Ask", "/test.Probe/Answer"
AGENCIES = frozenset({Role.AGENCY})


def test_a_table_that_fits_is_kept_and_health_is_for_everybody() -> None:
    assert complete_table({ASK: AGENCIES}, [ASK, CHECK]) == {ASK: AGENCIES, CHECK: EVERY_ROLE}


def test_every_rpc_without_a_row_and_every_row_without_an_rpc_is_named() -> None:
    with pytest.raises(WarifuError) as refused:
        complete_table({"/test.Probe/Aks": AGENCIES}, [ASK, ANSWER, CHECK])
    assert refused.value.reason is Reason.CONFIG_INVALID
    assert refused.value.where == (
        "/test.Probe/Answer: served, but not in the access table; "
        "/test.Probe/Ask: served, but not in the access table; "
        "/test.Probe/Aks: in the access table, but not served"
    )


def test_a_table_may_narrow_who_checks_health() -> None:
    assert complete_table({CHECK: AGENCIES}, [CHECK]) == {CHECK: AGENCIES}


def test_a_row_for_nobody_closes_the_rpc() -> None:
    assert complete_table({ASK: frozenset()}, [ASK]) == {ASK: frozenset()}
