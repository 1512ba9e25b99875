"""Who is calling.

Decides the identity of a caller from the client certificate that TLS verified, and from nothing else: not from
metadata, not from the message. Whether that identity may call is for ``warifu.rpc.edge``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import unquote

import grpc

from warifu.errors import Reason, WarifuError
from warifu.pki.identity import Identity, PeerCertificate, identity_of

__all__ = ["AnyContext", "Relayed", "caller", "peer_certificate", "peer_name", "source_address"]

AnyContext: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


@dataclass(frozen=True, slots=True)
class Relayed:
    """A call that another process of the same party took, and whose edge it has passed: who made it, and from where.

    ``peer`` is as :func:`peer_name` gives it. For servicers that ask a context for nothing else.
    """

    identity: Identity
    peer: str


def peer_certificate(context: AnyContext) -> PeerCertificate:
    """What the caller's certificate says.

    Raises: CALLER_NOT_IDENTIFIED when there is not one certificate, or it does not name exactly one identity.
    """
    presented = tuple(context.auth_context().get("x509_pem_cert", ()))
    if len(presented) != 1:
        raise WarifuError(Reason.CALLER_NOT_IDENTIFIED, where="certificate")
    return identity_of(presented[0])


def caller(context: AnyContext | Relayed) -> Identity:
    """The identity of whoever is calling. A servicer compares the sender named in a message with it.

    Raises: CALLER_NOT_IDENTIFIED as :func:`peer_certificate`; never inside a servicer, which the edge guards.
    """
    return context.identity if isinstance(context, Relayed) else peer_certificate(context).identity


def peer_name(told: str) -> str:
    """What gRPC calls a peer (``ipv6:%5B::1%5D:40000``), written in one way: ``ipv6:[::1]:40000``."""
    kind, _, rest = unquote(told).partition(":")
    host, _, port = rest.rpartition(":")
    host = host.strip("[]").removeprefix("::ffff:")
    return f"ipv6:[{host}]:{port}" if kind == "ipv6" and ":" in host else f"ipv4:{host}:{port}"


def source_address(context: AnyContext | Relayed) -> str:
    """The IP address that a call comes from."""
    peer = context.peer if isinstance(context, Relayed) else peer_name(context.peer())
    return peer.partition(":")[2].rpartition(":")[0].strip("[]").partition("%")[0]
