"""Calls that share a stream (``warifu.rpc.multiplex``), noted each as the call that it is."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from typing import Any

from google.protobuf.message import DecodeError

from warifu.errors import CATALOGUE, Reason, WarifuError
from warifu_kit.faults.rpcs import Rpc
from warifu_kit.recording.order import Recorder
from warifu_kit.recording.recorded import Direction
from warifu_kit.recording.wire.ends import CANCELLED, End

__all__ = ["NotedStream"]


class NotedStream:
    """One stream. It outlasts recordings, so each call is looked at by itself; what does not parse is not noted."""

    def __init__(self, rpc: Rpc, recorder: Recorder, direction: Direction, caller: str) -> None:
        if rpc.stands_for is None:
            raise WarifuError(Reason.INTERNAL, where=f"{rpc.name} stands for no other RPC")
        self._rpc, self._alone = rpc, rpc.stands_for
        self._recorder, self._direction, self._caller = recorder, direction, caller
        self._open: dict[int, tuple[int, bytes]] = {}

    async def sent(self, messages: AsyncIterable[Any]) -> AsyncIterator[Any]:
        """The caller's messages, as bytes or parsed, as they come."""
        async for message in messages:
            self.asked(message)
            yield message

    def asked(self, message: Any) -> None:
        """Calls begin."""
        at_ms = self._recorder.began_ms()
        if at_ms is None:
            return
        for call in _calls(self._rpc.request, message, "calls"):
            self._open[call.call_number] = at_ms, call.request.SerializeToString()

    def reply(self, message: Any) -> None:
        """Calls end."""
        if not self._open:
            return
        for reply in _calls(self._rpc.reply, message, "replies"):
            if reply.WhichOneof("end") == "response":
                self._note(reply.call_number, End("OK"), reply.response.SerializeToString())
            else:
                self._note(reply.call_number, _failure(reply.failure.reason), b"")

    def over(self) -> None:
        """The stream ended, and what was asked and not answered with it."""
        for number in list(self._open):
            self._note(number, CANCELLED, b"")

    def _note(self, number: int, end: End, reply: bytes) -> None:
        begun = self._open.pop(number, None)
        if begun is not None and self._recorder.began_ms() is not None:
            self._recorder.note(
                self._direction,
                self._alone.name,
                begun[0],
                caller=self._caller,
                status=end.status,
                reason=end.reason,
                request=begun[1],
                reply=reply,
            )


def _calls(kind: type[Any], message: Any, name: str) -> Any:
    try:
        return getattr(kind.FromString(message) if isinstance(message, bytes) else message, name, ())
    except DecodeError:
        return ()


def _failure(reason: str) -> End:
    known = reason in Reason.__members__
    return End(CATALOGUE[Reason[reason]].status if known else "UNKNOWN", reason)
