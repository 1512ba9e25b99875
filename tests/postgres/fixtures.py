"""A real PostgreSQL server, once for all tests that need one, and schemas of their own for each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from tests.postgres.server import MISSING, PostgresServer, binaries

from warifu.party.postgres.address import PostgresAddress

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server that runs; a test that kills it starts it again."""
    programs = binaries()
    if programs is None:
        pytest.skip(MISSING)
    server = PostgresServer(programs)
    yield server
    server.remove()


@pytest.fixture
def postgres_address(postgres: PostgresServer) -> PostgresAddress:
    """A schema that nobody used before."""
    return PostgresAddress.parse(postgres.address, schema=f"kept_{next(_numbers)}")
