"""What counts as a network address: a host and a port, and nothing else that gRPC would understand.

Decides that only a DNS name, an IPv4 address or a bracketed IPv6 address may stand before the port. gRPC's own rules
take more: paths of sockets, other resolvers, and port numbers that wrap around. An address comes from a foreign party
or from a person's command line, so what it means must not depend on them.
"""

from __future__ import annotations

import ipaddress
import re

from warifu.errors import Reason, WarifuError

__all__ = ["check_address"]

_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]{1,253}):([0-9]{1,5})", re.ASCII)
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", re.ASCII)
_HIGHEST_PORT = 65_535
# A host of such a name would be read as the scheme of a gRPC target.
_SCHEMES = frozenset(
    {"dns", "google-c2p", "google-c2p-experimental", "ipv4", "ipv6", "unix", "unix-abstract", "vsock", "xds"}
)


def check_address(address: str, *, where: str, reason: Reason = Reason.CONFIG_INVALID, free_port: bool = False) -> None:
    """See that ``address`` is ``host:port``, the port 1 to 65535; with ``free_port`` 0 too, which takes a free one.

    The host is a DNS name (RFC 1123 section 2.1), an IPv4 address or a bracketed IPv6 address without a zone.

    Raises:
        WarifuError: ``reason``, at ``where``.
    """
    parts = _ADDRESS.fullmatch(address)
    if parts is None or not _is_host(parts[1]) or not (0 if free_port else 1) <= int(parts[2]) <= _HIGHEST_PORT:
        raise WarifuError(reason, where=where)


def _is_host(host: str) -> bool:
    try:
        if host.startswith("["):
            ipaddress.IPv6Address(host[1:-1])
            return True
        labels = host.split(".")
        if labels[-1].isdigit():  # no name ends in a number
            ipaddress.IPv4Address(host)
            return True
    except ValueError:
        return False
    return host.lower() not in _SCHEMES and all(_LABEL.fullmatch(label) for label in labels)
