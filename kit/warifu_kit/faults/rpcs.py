"""Which RPCs there are, and what faults need to know of each: its messages, its shape, what a shared stream stands for.

Decides how an exchange is found in a request, and what a call that broke off means where it came on a shared stream: there
nothing can break without the others' calls, so its caller is told the reason that it would have concluded itself. All of it
is read from the contract's own descriptions. It knows no gRPC.
"""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.descriptor_pool import Default
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

import warifu.api
from warifu.errors import Reason
from warifu.exchange.context import request_id_of

__all__ = [
    "BROKEN_OFF",
    "MADE_BY",
    "SERVED_BY",
    "WITHOUT_FAULTS",
    "Exchange",
    "Rpc",
    "every_rpc",
    "exchange_in",
    "has_bytes",
    "names_exchange",
    "number_of",
    "rpc_at",
]

BROKEN_OFF = {
    "AgencyService.Provide": Reason.PROVIDER_FAILED,
    "HubService.Exchange": Reason.HUB_UNREACHABLE,
}
"""What the callers of these RPCs take UNAVAILABLE without a reason for."""

SERVED_BY = {
    "agency": frozenset({"AgencyService", "NodeService", "PartyService"}),
    "authority": frozenset({"AuthorityService", "PartyService"}),
    "hub": frozenset({"DirectoryService", "HubService", "LogService", "PartyService", "SupervisionService"}),
}
"""Which services a party of a role serves."""

WITHOUT_FAULTS = frozenset({"BankService", "CardService", "CertificateService", "CounterService", "PlatformService"})
"""Services of the parties beside the exchange, which take no faults."""

MADE_BY = {
    "agency": frozenset({"AdapterService", "HubService"}),
    "authority": frozenset({"HubService"}),
    "hub": frozenset({"AgencyService"}),
}
"""Which services a party of a role calls, so that rules can be for what it sends there."""

_NUMBER = "processing_number"
_OURS = "warifu.api."
_DIGEST_SIZE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Rpc:
    """One RPC. ``name`` is ``Service.Method``.

    ``request`` and ``reply`` are the classes of its messages. ``stands_for`` is the unary RPC whose calls share this stream,
    if that is what it is for.
    """

    name: str
    request: type[Any]
    reply: type[Any]
    streams_requests: bool
    streams_replies: bool
    stands_for: Rpc | None = None

    @property
    def takes_faults(self) -> bool:
        """Whether anything can be done to its calls: each has one request."""
        return not self.streams_requests or self.stands_for is not None


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a request is about: ``key`` for drawing, ``shown`` for a ledger."""

    key: bytes
    shown: str


def exchange_in(request: Message, received: bytes) -> Exchange:
    """The exchange that ``request``, which came as ``received``, is about. Other requests are keyed by what they hold."""
    found = _request_id(request)
    if found:
        return Exchange(found.encode(), found)
    return Exchange(hashlib.sha256(received).digest()[:_DIGEST_SIZE], "")


def _request_id(request: Any) -> str:
    """In hexadecimal; empty where there is none."""
    fields = request.DESCRIPTOR.fields_by_name
    if "permit" in fields:
        return _request_id(request.permit)
    if "inquiry" in fields:
        return _request_id(request.inquiry)
    if "request_id" in fields:
        return str(request.request_id.hex())
    if "context" in fields and "sealed_query" in fields:
        return request_id_of(request.context)
    return ""


def names_exchange(rpc: Rpc) -> bool:
    """Whether requests of ``rpc`` say which exchange they are about, be it by its processing number alone."""
    described = rpc.request.DESCRIPTOR
    return _names_exchange(described) or _NUMBER in described.fields_by_name


def number_of(request: Any) -> str:
    """The processing number in ``request``, or in the permit that it brings; empty where there is none.

    Whoever was brought the permit knows by it which exchange a request is about that has the number and no request_id.
    """
    within = request.permit if "permit" in request.DESCRIPTOR.fields_by_name else request
    return str(getattr(within, _NUMBER, ""))


def _names_exchange(message: Descriptor) -> bool:
    """As :func:`_request_id` looks for it."""
    fields = message.fields_by_name
    within = fields.get("permit") or fields.get("inquiry")
    if within is not None and within.message_type is not None:
        return _names_exchange(within.message_type)
    return "request_id" in fields or {"context", "sealed_query"} <= set(fields)


def has_bytes(kind: type[Message]) -> bool:
    """Whether messages of ``kind`` have a single field of bytes, at any depth."""
    found, left = set[str](), [kind.DESCRIPTOR]
    while left:
        message = left.pop()
        found.add(message.full_name)
        for field in message.fields:
            if field.type == FieldDescriptor.TYPE_BYTES and not field.is_repeated:
                return True
            if field.message_type is not None and field.message_type.full_name not in found:
                left.append(field.message_type)
    return False


@cache
def rpc_at(path: str) -> Rpc | None:
    """The RPC with a full name as gRPC has it (``/warifu.api.hub.v1.HubService/Exchange``); None for others' services."""
    name = path.lstrip("/").replace("/", ".")
    if not name.startswith(_OURS):
        return None
    try:
        return _described(Default().FindMethodByName(name))
    except KeyError:
        return None


def every_rpc() -> dict[str, Rpc]:
    """Every RPC of the contract, by its name. Imports all of it."""
    found = (_described(method) for service in _services() for method in service.methods)
    return {rpc.name: rpc for rpc in found}


def _services() -> Iterator[Any]:
    for module in pkgutil.walk_packages(warifu.api.__path__, _OURS):
        if module.name.endswith("_service_pb2"):
            yield from importlib.import_module(module.name).DESCRIPTOR.services_by_name.values()


def _described(method: MethodDescriptor) -> Rpc:
    return Rpc(
        name=f"{method.containing_service.name}.{method.name}",
        request=GetMessageClass(method.input_type),
        reply=GetMessageClass(method.output_type),
        streams_requests=method.client_streaming,
        streams_replies=method.server_streaming,
        stands_for=_unary_of(method),
    )


def _unary_of(method: MethodDescriptor) -> Rpc | None:
    """What a stream stands for that carries many calls (``warifu.rpc.multiplex``)."""
    stem = method.name.removesuffix("Stream").removesuffix("Bulk")
    unary = method.containing_service.methods_by_name.get(stem)
    shared = _has(method.input_type, "calls") and _has(method.output_type, "replies")
    return _described(unary) if stem != method.name and unary is not None and shared else None


def _has(message: Descriptor, field: str) -> bool:
    return field in message.fields_by_name
