"""Where parties of one machine can listen: which endpoints are free, and which loopback the machine has.

Decides whether an endpoint that a party had, or is to have, can be had now, and what to take instead. It tells nobody.
"""

from __future__ import annotations

import socket
import sys
from contextlib import ExitStack
from typing import Final

from warifu.errors import Reason, WarifuError

__all__ = ["any_loopback_port", "fits", "free_endpoint"]

_LOOPBACKS: Final = ("127.0.0.1:0", "[::1]:0")


def any_loopback_port() -> str:
    """``127.0.0.1:0``, or ``[::1]:0`` on a machine whose loopback has IPv6 alone. Raises: CONFIG_INVALID for neither."""
    for loopback in _LOOPBACKS:
        if _bound(loopback) is not None:
            return loopback
    where = f"no free port at {' or '.join(_LOOPBACKS)}: is the loopback interface up?"
    raise WarifuError(Reason.CONFIG_INVALID, where=where)


def free_endpoint(wanted: str | None, kept: ExitStack | None = None) -> str:
    """``wanted`` if nobody listens there, else a free port of the same host, else of loopback; the port is never 0.

    The others must be told of it before the party listens. Until ``kept`` is closed, the system gives the port to nobody
    who asks for any, and to whoever asks for this one (on Linux; elsewhere, and without ``kept``, it is free now and no
    more is known). Raises: CONFIG_INVALID when there is no free port anywhere.
    """
    wanted = wanted or any_loopback_port()
    host, _, _ = wanted.rpartition(":")
    endpoint = _bound(wanted, kept) or _bound(f"{host}:0", kept) or _bound(any_loopback_port(), kept)
    if endpoint is None:
        raise WarifuError(Reason.CONFIG_INVALID, where="no free port on this machine")
    return endpoint


def fits(place: str, wanted: str) -> bool:
    """Whether whoever wanted to listen at ``wanted``, port 0 being any, does at ``place``."""
    host, _, port = wanted.rpartition(":")
    return place == wanted or (port == "0" and place.rpartition(":")[0] == host)


def _bound(endpoint: str, kept: ExitStack | None = None) -> str | None:
    """Where one listens who asks for ``endpoint`` now; None when that cannot be had.

    An address that ended connections still linger at can be had: servers reuse it, and so does this probe.
    """
    host, _, port = endpoint.rpartition(":")
    try:
        (family, kind, protocol, _, address), *_ = socket.getaddrinfo(
            host.strip("[]"), int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        with _reusing(family, kind, protocol) as probe:
            probe.bind(address)
            probe.listen(1)
            found: tuple[str, int] = probe.getsockname()  # four of them in IPv6
        if kept is not None and sys.platform == "linux":
            # Bound and not listening: a server that reuses addresses can have the port, and it is no longer "any".
            kept.enter_context(_reusing(family, kind, protocol)).bind(found)
    except OSError:
        return None
    return f"{host}:{found[1]}"


def _reusing(family: int, kind: int, protocol: int) -> socket.socket:
    reusing = socket.socket(family, kind, protocol)
    reusing.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return reusing
