"""Where the hub may be told to call a node."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from warifu.errors import Reason, WarifuError
from warifu_hub.endpoints import endpoint_at, is_of_this_machine, looked_up

NAMES = {"node.example": ["192.0.2.7", "2001:db8::7"], "elsewhere.example": ["198.51.100.9"]}


async def look_up(host: str) -> list[Any]:
    return [ipaddress.ip_address(each) for each in NAMES.get(host, [host] if host[0].isdigit() or ":" in host else [])]


def is_local(address: Any) -> bool:
    return address.is_loopback or str(address) == "192.0.2.1"


@pytest.mark.parametrize(
    ("endpoint", "source", "kept"),
    [
        ("192.0.2.7:7402", "192.0.2.7", "192.0.2.7:7402"),
        ("node.example:7402", "192.0.2.7", "192.0.2.7:7402"),
        ("node.example:7402", "2001:db8::7", "[2001:db8::7]:7402"),
        ("[2001:db8::7]:7402", "2001:db8::7", "[2001:db8::7]:7402"),
        ("192.0.2.7:7402", "::ffff:192.0.2.7", "192.0.2.7:7402"),
        ("[::1]:7402", "127.0.0.1", "[::1]:7402"),
        ("192.0.2.1:7402", "127.0.0.1", "192.0.2.1:7402"),
    ],
)
async def test_a_node_is_called_on_the_machine_it_calls_from(endpoint: str, source: str, kept: str) -> None:
    assert await endpoint_at(endpoint, source, look_up=look_up, is_local=is_local) == kept


@pytest.mark.parametrize(
    ("endpoint", "source"),
    [
        ("198.51.100.9:22", "192.0.2.7"),
        ("elsewhere.example:443", "192.0.2.7"),
        ("nowhere.example:443", "192.0.2.7"),
        ("127.0.0.1:22", "192.0.2.7"),
        ("192.0.2.1:22", "192.0.2.7"),
        ("198.51.100.9:22", "127.0.0.1"),
        ("0.0.0.0:22", "192.0.2.7"),
    ],
)
async def test_the_hub_knocks_at_nobody_elses_door(endpoint: str, source: str) -> None:
    with pytest.raises(WarifuError) as refused:
        await endpoint_at(endpoint, source, look_up=look_up, is_local=is_local)
    assert (refused.value.reason, refused.value.where) == (Reason.CALLER_NOT_ALLOWED, "endpoint")


async def test_a_name_is_looked_up_and_one_that_has_no_address_has_none() -> None:
    assert ipaddress.ip_address("127.0.0.1") in await looked_up("localhost")
    assert await looked_up("::1") == [ipaddress.ip_address("::1")]
    assert await looked_up("nothing.invalid") == []


def test_this_machine_has_its_loopback_and_not_an_address_for_documentation() -> None:
    assert is_of_this_machine(ipaddress.ip_address("127.0.0.1"))
    assert not is_of_this_machine(ipaddress.ip_address("192.0.2.200"))
    assert not is_of_this_machine(ipaddress.ip_address("0.0.0.0"))
