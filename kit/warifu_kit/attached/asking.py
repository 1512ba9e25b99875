"""The node's side of an agency that answers from elsewhere: an Agency that asks at a socket whatever it is asked.

Decides nothing about records. It looks to the node like the adapter of a kind; that it is not one, only whoever started
the node knows.
"""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from pathlib import Path
from typing import Any, Final, Self

from google.protobuf.message import Message
from google.protobuf.wrappers_pb2 import Int32Value

from warifu.agency import Agency, Decision, Found, HeldProvision, LookUp, Pending, Provided, ProvisionQuery
from warifu.errors import Reason, WarifuError
from warifu.identifiers import ItemCode
from warifu_kit.attached.wire import (
    LENGTH_SIZE,
    framed,
    length_of,
    read_found,
    told_held,
    told_look_up,
    told_query,
    unless_error,
)

__all__ = ["AgencyElsewhere"]

_PATIENCE_S: Final = 10.0
_NO_YEAR: Final = -1


class AgencyElsewhere(Agency):
    """Asks the agency at ``path``, a socket of this machine. Whoever is asked there may be another one each time."""

    def __init__(self, path: Path, told: dict[str, Any]) -> None:
        # Of an instance, where others have them of their class: this one class stands for every kind.
        self.kind = str(told["kind"])  # type: ignore[misc]
        self.keeps_replicas = bool(told["keeps_replicas"])  # type: ignore[misc]
        self.provides = {ItemCode(item): _provided(*both) for item, both in told["items"].items()}  # type: ignore[misc]
        self._path = path

    @classmethod
    def at(cls, path: Path) -> Self:
        """The agency that listens there now. Raises: PATH_UNUSABLE when nobody does."""
        return cls(path, _asked(path, {"ask": "kind"}))

    def provided(self, item_code: ItemCode, where: str = "item_code") -> Provided:
        """What the kind says about an item, but for its message type, which is checked there. Raises: ITEM_UNKNOWN."""
        told = _asked(self._path, {"ask": "provided", "item_code": item_code, "where": where})
        return _provided(told["certificate"], told["certificate_ja"])

    def check_record(self, item_code: ItemCode, record: bytes, where: str = "record") -> Message:
        """Refuse a record that does not fit; what is given back holds its year. Raises: as the agency there."""
        encoded = base64.b64encode(record).decode()
        told = _asked(self._path, {"ask": "check", "item_code": item_code, "record": encoded, "where": where})
        return Int32Value(value=_NO_YEAR if told["year"] is None else told["year"])

    def year_of(self, message: Message) -> int | None:
        """The fiscal year of the record that was checked."""
        year = message.value if isinstance(message, Int32Value) else _NO_YEAR
        return None if year == _NO_YEAR else year

    async def answer(self, query: ProvisionQuery) -> Found:
        """What the agency there answers. Raises: as it; RuntimeError when it falls over."""
        found = read_found(await self._said({"ask": "answer", "query": told_query(query)}))
        if isinstance(found, Pending):
            raise _nobody(self._path)
        return found

    async def look_up(self, asked: LookUp) -> Found | Pending:
        """What the agency there looks up, checked there. Raises: as :meth:`answer`."""
        return read_found(await self._said({"ask": "look up", "asked": told_look_up(asked)}))

    async def decide(self, held: HeldProvision) -> Decision:
        """What the clerk there decided. Raises: as :meth:`answer`."""
        return Decision[(await self._said({"ask": "decide", "held": told_held(held)}))["decision"]]

    async def _said(self, told: dict[str, Any]) -> dict[str, Any]:
        try:
            reader, writer = await asyncio.open_unix_connection(self._path)
        except OSError as error:
            raise _nobody(self._path) from error
        try:
            writer.write(framed(told))
            text = await reader.readexactly(length_of(await reader.readexactly(LENGTH_SIZE)))
        except (OSError, EOFError) as error:
            raise _nobody(self._path) from error
        finally:
            writer.close()
        return unless_error(json.loads(text))


def _provided(certificate: str, certificate_ja: str) -> Provided:
    """Of any message type: that is checked where the agency is."""
    return Provided(record_type=Message, certificate=certificate, certificate_ja=certificate_ja)


def _asked(path: Path, told: dict[str, Any]) -> dict[str, Any]:
    """One message and its answer, blocking: registering is not what anybody measures here. Raises: PATH_UNUSABLE."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
            asking.settimeout(_PATIENCE_S)
            asking.connect(str(path))
            asking.sendall(framed(told))
            with asking.makefile("rb") as answering:
                text = answering.read(length_of(answering.read(LENGTH_SIZE)))
            answer: dict[str, Any] = json.loads(text)
    except (OSError, ValueError) as error:
        raise _nobody(path) from error
    return unless_error(answer)


def _nobody(path: Path) -> WarifuError:
    return WarifuError(Reason.PATH_UNUSABLE, where=f"{path}: the agency that should answer there does not")
