"""Where the hub calls a node: only on the machine from which the node calls the hub.

Decides whether the address a member announces may be dialled. The directory says nothing of hosts, so a member could have the
hub knock at any door of anybody's; its own machine is what it has shown by calling from there. A name is looked up
once, now, and what is kept is the address it had, so that it cannot mean another one later.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from warifu.errors import Reason, WarifuError

__all__ = ["Address", "endpoint_at", "is_of_this_machine", "looked_up"]

Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"

_LOOK_UP_S = 2.0


async def endpoint_at(
    endpoint: str,
    source: str,
    *,
    look_up: Callable[[str], Awaitable[list[Address]]],
    is_local: Callable[[Address], bool],
) -> str:
    """``endpoint`` (host:port) as it may be dialled, when it lies on the machine whose address is ``source``.

    Where the caller is on the hub's own machine, any address of that machine will do.

    Raises: CALLER_NOT_ALLOWED at ``endpoint``.
    """
    host, _, port = endpoint.rpartition(":")
    caller = _unmapped(ipaddress.ip_address(source))
    for found in await look_up(host.strip("[]")):
        if found == caller or (is_local(found) and is_local(caller)):
            return f"[{found}]:{port}" if found.version == 6 else f"{found}:{port}"
    raise WarifuError(Reason.CALLER_NOT_ALLOWED, where="endpoint", debug="not where the caller calls from")


async def looked_up(host: str) -> list[Address]:
    """The addresses of ``host``, which may be one itself; none where it has none, or nobody says so in time."""
    try:
        return [ipaddress.ip_address(host)]
    except ValueError:
        pass
    asking = asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    try:
        found = await asyncio.wait_for(asking, _LOOK_UP_S)
    except (OSError, TimeoutError):
        return []
    return [ipaddress.ip_address(str(place[0]).partition("%")[0]) for *_, place in found]


def is_of_this_machine(address: Address) -> bool:
    """Whether this machine has ``address``: whether one can listen there."""
    if address.is_loopback:
        return True
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trying:
        try:
            trying.bind((str(address), 0))
        except OSError:
            return False
    return not address.is_unspecified


def _unmapped(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
