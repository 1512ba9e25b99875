"""A root on a clock that the test moves, and identities to certify."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from warifu.clock import ManualClock
from warifu.identifiers import InstitutionCode
from warifu.pki import Identity, Role, Root


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2025, 4, 1, 12, 0, tzinfo=UTC))


@pytest.fixture
def root(clock: ManualClock) -> Root:
    return Root.create("dev", clock)


@pytest.fixture
def agency() -> Identity:
    return Identity(network="dev", role=Role.AGENCY, institution=InstitutionCode("9010000000000001"))
