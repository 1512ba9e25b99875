"""What a worker does with calls that the sequencer answers: it passes them on, with who calls and from where.

Decides which calls those are (all of the services it is made for), and that of a stream each reply is fetched when the one before
was taken. The edge around them is the worker's own; nothing of a message is looked at.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count
from typing import Any

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass

from warifu.rpc.identity import AnyContext, caller, peer_name
from warifu_hub.workers.link import SequencerLink
from warifu_hub.workers.messages import Kind, identity_values

__all__ = ["forwarded"]

_STREAMS = count(1)
_SINGLE = 0


def forwarded(link: SequencerLink, base: type, service: ServiceDescriptor) -> Any:
    """A servicer of the generated class ``base`` that passes every call of ``service`` on."""
    passing = {
        method.name: (_stream if method.server_streaming else _single)(link, method) for method in service.methods
    }
    return type(f"Forwarded{base.__name__}", (base,), passing)()


def _name(method: MethodDescriptor) -> str:
    return f"/{method.containing_service.full_name}/{method.name}"


def _single(link: SequencerLink, method: MethodDescriptor) -> Any:
    name, reply_class = _name(method), GetMessageClass(method.output_type)

    async def passed_on(_: object, request: Any, context: AnyContext) -> Any:
        (reply,) = await link.ask_soon(Kind.CALL, _SINGLE, name, *_whose(context), request.SerializeToString())
        return reply_class.FromString(reply)

    return passed_on


def _stream(link: SequencerLink, method: MethodDescriptor) -> Any:
    name, reply_class = _name(method), GetMessageClass(method.output_type)

    async def passed_on(_: object, request: Any, context: AnyContext) -> AsyncIterator[Any]:
        stream = next(_STREAMS)
        (reply,) = await link.ask_soon(Kind.CALL, stream, name, *_whose(context), request.SerializeToString())
        line = link.line
        try:
            while reply is not None and line is not None:
                yield reply_class.FromString(reply)
                (reply,) = await line.ask(Kind.NEXT, stream)
        finally:
            if reply is not None and line is not None:
                line.ask(Kind.DROP, stream).add_done_callback(lambda told: told.cancelled() or told.exception())

    return passed_on


def _whose(context: AnyContext) -> tuple[list[Any], str]:
    return list(identity_values(caller(context))), peer_name(context.peer())
