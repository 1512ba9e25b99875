"""Where a party listens again: where it did, if that is free."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from warifu.rpc.address import check_address
from warifu_kit.network.listeners import free_endpoint


def _loopbacks() -> Iterator[tuple[str, socket.AddressFamily]]:
    for host, family in (("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)):
        try:
            socket.create_server((host, 0), family=family).close()
        except OSError:
            continue
        yield host, family


LOOPBACKS = list(_loopbacks())


def endpoint(server: socket.socket) -> str:
    host, port, *_ = server.getsockname()
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@pytest.mark.parametrize(("host", "family"), LOOPBACKS)
def test_a_free_endpoint_stays_the_one_it_is(host: str, family: socket.AddressFamily) -> None:
    with socket.create_server((host, 0), family=family) as server:
        wanted = endpoint(server)
    assert free_endpoint(wanted) == wanted


@pytest.mark.parametrize(("host", "family"), LOOPBACKS)
def test_one_that_somebody_took_is_replaced_by_another_of_the_same_host(
    host: str, family: socket.AddressFamily
) -> None:
    with socket.create_server((host, 0), family=family) as server:
        wanted = endpoint(server)
        found = free_endpoint(wanted)
    assert found != wanted
    assert found.rpartition(":")[0] == wanted.rpartition(":")[0]
    check_address(found, where="found")


@pytest.mark.parametrize(("host", "family"), LOOPBACKS)
def test_what_is_left_of_closed_connections_is_in_nobodys_way(host: str, family: socket.AddressFamily) -> None:
    """Whoever closes a connection first keeps its port busy for a minute, and a network that stops closes first."""
    with socket.create_server((host, 0), family=family) as server:
        wanted = endpoint(server)
        with closing(socket.create_connection(server.getsockname()[:2])):
            accepted, _ = server.accept()
            accepted.close()
    assert free_endpoint(wanted) == wanted


@pytest.mark.parametrize("wanted", [None, "192.0.2.1:7400", "no.such.host.invalid:7400"])
def test_without_a_host_of_this_machine_it_is_loopback(wanted: str | None) -> None:
    host, _, port = free_endpoint(wanted).rpartition(":")
    assert host in {"127.0.0.1", "[::1]"}
    assert int(port) > 0
