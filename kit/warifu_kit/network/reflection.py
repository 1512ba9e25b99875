"""gRPC reflection, which the kit has every party serve that it starts: tools such as grpcurl find its services by themselves.

Decides who serves it: no party does that a person starts. Behind the same edge as every RPC, it answers members of the network
alone, and tells them what ``protos/`` says to everybody; it knows nothing of what a party holds.
"""

from __future__ import annotations

from collections.abc import Sequence

from warifu.rpc.server import AddService

__all__ = ["REFLECTION_SERVICE", "reflecting"]

REFLECTION_SERVICE = "grpc.reflection.v1alpha.ServerReflection"
"""What tools ask for; those that ask for ``v1`` first fall back to it."""


def reflecting(services: Sequence[str]) -> tuple[AddService, object]:
    """What tells of ``services``, full names, and of itself."""
    from grpc_reflection.v1alpha.reflection import aio  # type: ignore[import-untyped]  # publishes no types
    from grpc_reflection.v1alpha.reflection_pb2_grpc import add_ServerReflectionServicer_to_server  # type: ignore[import-untyped]

    return add_ServerReflectionServicer_to_server, aio.ReflectionServicer([*services, REFLECTION_SERVICE])
