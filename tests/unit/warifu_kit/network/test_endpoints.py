"""Which endpoints can be had, over IPv4 and IPv6, and what is taken instead."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from warifu.errors import Reason, WarifuError
from warifu_kit.network import endpoints
from warifu_kit.network.endpoints import any_loopback_port, free_endpoint

HOSTS = ["127.0.0.1", "[::1]"]


@contextmanager
def listening(host: str) -> Iterator[str]:
    """Somebody else who listens at a free port of ``host``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host.strip("[]"), 0), family=family) as server:
        yield f"{host}:{server.getsockname()[1]}"


@pytest.mark.parametrize("host", HOSTS)
def test_an_endpoint_that_nobody_has_is_kept(host: str) -> None:
    with listening(host) as taken:
        pass
    assert free_endpoint(taken) == taken


@pytest.mark.parametrize("host", HOSTS)
def test_an_endpoint_that_somebody_has_is_replaced_by_another_port_of_the_same_host(host: str) -> None:
    with listening(host) as taken:
        free = free_endpoint(taken)
    assert free != taken
    assert free.rpartition(":")[0] == host
    assert not free.endswith(":0")


@pytest.mark.parametrize("host", HOSTS)
def test_an_endpoint_at_which_ended_connections_linger_is_kept(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host.strip("[]"), 0), family=family) as server:
        with socket.create_connection(server.getsockname()[:2]) as client:
            accepted, _ = server.accept()
            accepted.close()  # who closes first waits in TIME_WAIT
            client.recv(1)
        place = f"{host}:{server.getsockname()[1]}"
    assert free_endpoint(place) == place


@pytest.mark.parametrize("host", HOSTS)
def test_any_port_of_a_host_becomes_a_port_that_is_free(host: str) -> None:
    place = free_endpoint(f"{host}:0")
    assert place.startswith(f"{host}:")
    assert not place.endswith(":0")


def test_a_host_that_this_machine_is_not_is_replaced_by_loopback() -> None:
    assert free_endpoint("192.0.2.1:7400").startswith("127.0.0.1:")


def test_a_machine_without_any_loopback_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "_LOOPBACKS", ("192.0.2.1:0",))
    with pytest.raises(WarifuError) as refused:
        any_loopback_port()
    assert refused.value.reason is Reason.CONFIG_INVALID
    assert "loopback" in refused.value.where


@pytest.mark.skipif(sys.platform != "linux", reason="another system keeps no port for somebody else")
@pytest.mark.parametrize("host", HOSTS)
def test_a_kept_endpoint_is_had_by_whoever_asks_for_it_and_is_nobodys_any_port(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with ExitStack() as kept, ExitStack() as others:
        place = free_endpoint(f"{host}:0", kept)
        port = int(place.rpartition(":")[2])
        for _ in range(500):
            other = others.enter_context(socket.socket(family))
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind((host.strip("[]"), 0))
            assert other.getsockname()[1] != port
        others.enter_context(socket.create_server((host.strip("[]"), port), family=family))  # reuses addresses
        assert free_endpoint(place) != place
