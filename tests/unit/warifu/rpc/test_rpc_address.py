"""What counts as a network address: host and port, and nothing that gRPC would take for something else."""

from __future__ import annotations

import ipaddress
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.errors import Reason, WarifuError
from warifu.rpc.address import check_address

GOOD = ["127.0.0.1:1", "localhost:65535", "a.example:7400", "hub-1.warifu.test:443", "[::1]:7400", "[2001:db8::1]:1"]
BAD = [
    "",
    "localhost",
    "localhost:",
    ":1",
    "unix:foo:1",
    "unix:80",
    "UNIX:80",
    "xds:a:1",
    "xds:443",
    "vsock:1:2",
    "dns:8.8.8.8:53:80",
    "dns:///a:1",
    "google-c2p:x:1",
    "127.0.0.1:0",
    "127.0.0.1:99999",
    "127.0.0.1:65536",
    "127.0.0.1:+1",
    "127.0.0.1: 1",
    "127.0.0.1:१",
    "127.0.0.1:1\n",
    "127.0.0.256:1",
    "1.2.3:1",
    "-:1",
    ".:1",
    "a..b:1",
    "-a:1",
    "a-:1",
    "a" * 64 + ":1",
    "::1:1",
    "[::::]:1",
    "[]:1",
    "[127.0.0.1]:1",
    "[fe80::1%eth0]:1",
    "a b:1",
    "税務:1",
]


@pytest.mark.parametrize("address", GOOD)
def test_a_name_or_an_ip_address_with_a_port_is_an_address(address: str) -> None:
    check_address(address, where="endpoint")


@pytest.mark.parametrize("address", BAD)
def test_anything_else_is_refused_where_it_was_said(address: str) -> None:
    with pytest.raises(WarifuError) as refused:
        check_address(address, where="endpoint", reason=Reason.REQUEST_MALFORMED)
    assert (refused.value.reason, refused.value.where) == (Reason.REQUEST_MALFORMED, "endpoint")


def test_port_0_stands_for_a_free_one_only_where_one_listens() -> None:
    check_address("127.0.0.1:0", where="listen", free_port=True)
    with pytest.raises(WarifuError) as refused:
        check_address("127.0.0.1:0", where="hub")
    assert refused.value.reason is Reason.CONFIG_INVALID


@given(st.ip_addresses(), st.integers(1, 65_535))
def test_every_ip_address_is_one_and_an_ipv6_address_only_in_brackets(
    host: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int
) -> None:
    if host.version == 4:
        check_address(f"{host}:{port}", where="x")
        return
    check_address(f"[{host}]:{port}", where="x")
    with pytest.raises(WarifuError):
        check_address(f"{host}:{port}", where="x")


@given(st.text())
def test_no_text_is_answered_with_anything_but_yes_or_the_reason(text: str) -> None:
    with suppress(WarifuError):
        check_address(text, where="x")
