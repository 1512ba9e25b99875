"""Where parties of one machine can listen: which endpoints are free, and which loopback the machine has.

Decides whether an endpoint that a party had, or is to have, can be had now, and what to take instead. It tells nobody.
"""

from __future__ import annotations

import socket
from typing import Final

from warifu.errors import Reason, WarifuError

__all__ = ["any_loopback_port", "free_endpoint"]

_LOOPBACKS: Final = ("127.0.0.1:0", "[::1]:0")


def any_loopback_port() -> str:
    """``127.0.0.1:0``, or ``[::1]:0`` on a machine whose loopback has IPv6 alone. Raises: CONFIG_INVALID for neither."""
    for loopback in _LOOPBACKS:
        if _bound(loopback) is not None:
            return loopback
    where = f"no free port at {' or '.join(_LOOPBACKS)}: is the loopback interface up?"
    raise WarifuError(Reason.CONFIG_INVALID, where=where)


def free_endpoint(wanted: str | None) -> str:
    """``wanted`` if nobody listens there, else a free port of the same host, else of loopback; the port is never 0.

    The others must be told of it before the party listens, so it is free now and not kept. Raises: CONFIG_INVALID when
    there is no free port anywhere.
    """
    wanted = wanted or any_loopback_port()
    host, _, _ = wanted.rpartition(":")
    endpoint = _bound(wanted) or _bound(f"{host}:0") or _bound(any_loopback_port())
    if endpoint is None:
        raise WarifuError(Reason.CONFIG_INVALID, where="no free port on this machine")
    return endpoint


def _bound(endpoint: str) -> str | None:
    """Where one listens who asks for ``endpoint`` now; None when that cannot be had.

    An address that ended connections still linger at can be had: servers reuse it, and so does this probe.
    """
    host, _, port = endpoint.rpartition(":")
    try:
        (family, kind, protocol, _, address), *_ = socket.getaddrinfo(
            host.strip("[]"), int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
            return f"{host}:{probe.getsockname()[1]}"
    except OSError:
        return None
