"""The other side: a desk at which an Agency of this process answers what a node of the network is asked.

Decides who answers, and keeps what was asked. The agency runs on an event loop of its own, in a thread of its own, as it
would in a node: whatever loop the caller has, or none, is left alone. A hook that blocks that loop keeps nobody waiting for
long who is asked about somebody else (``lanes``).
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from warifu.agency import Agency, LookUp, ProvidedRecord, ProvisionQuery
from warifu.errors import WarifuError
from warifu.identifiers import ItemCode
from warifu_kit.attached.lanes import Lanes
from warifu_kit.attached.wire import (
    LENGTH_SIZE,
    framed,
    length_of,
    read_held,
    read_look_up,
    read_query,
    told_error,
    told_found,
)
from warifu_services.node.answering import check_found

__all__ = ["AnswerDesk"]

_LONGEST_FOLDER = 90  # a socket's path has 107 bytes at most, 103 on some systems


class AnswerDesk:
    """Answers at ``path``, a socket that only this user can open, until it is closed.

    ``agency`` is who answers now; ``asked`` is what it was asked, oldest first (``looked_up`` where it keeps no replicas), and
    ``raised`` what it fell over with.
    """

    def __init__(self, agency: Agency) -> None:
        self.agency = agency
        self.asked: list[ProvisionQuery] = []
        self.looked_up: list[LookUp] = []
        self.raised: list[BaseException] = []
        self._folder = _short_folder()
        self.path = self._folder / "agency"
        self._lanes = Lanes(f"agency {agency.kind}")
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name=f"desk of {agency.kind}", daemon=True)
        self._thread.start()
        self._listening.wait()

    def close(self) -> None:
        """Answer nobody any more. Again, it does nothing."""
        if not self._thread.is_alive():
            return
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._lanes.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def sit(self, agency: Agency) -> None:
        """Have another one of the same kind answer from now on, and forget what was asked. Raises: ValueError."""
        if agency.kind != self.agency.kind:
            raise ValueError(f"{agency.kind} cannot sit in for {self.agency.kind}")
        if agency.keeps_replicas != self.agency.keeps_replicas:
            raise ValueError(f"a node of {agency.kind} either keeps replicas or does not, as long as it is up")
        if not agency.keeps_replicas and set(agency.provides) != set(self.agency.provides):
            raise ValueError(
                f"a node of {agency.kind} that keeps no replicas provides the same items as long as it is up"
            )
        self.agency = agency
        self.asked.clear()
        self.looked_up.clear()
        self.raised.clear()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_unix_server(self._hear, self.path)
        self._listening.set()
        await self._stop.wait()
        server.close()  # whoever still waits for a hook is waited for no more

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(OSError, EOFError):  # whoever asked is gone
            told = json.loads(await reader.readexactly(length_of(await reader.readexactly(LENGTH_SIZE))))
            writer.write(framed(await self._lanes.run(lambda: self._answered(told))))
            await writer.drain()

    async def _answered(self, told: dict[str, Any]) -> dict[str, Any]:
        try:
            match told["ask"]:
                case "answer":
                    return await self._found(read_query(told["query"]))
                case "look up":
                    return await self._looked_up(read_look_up(told["asked"]))
                case "decide":
                    return {"decision": (await self.agency.decide(read_held(told["held"]))).name}
            return _ASKED[told["ask"]](self.agency, told)
        except WarifuError as error:
            return told_error(error)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # an agency under test may raise anything; its test is told
            self.raised.append(error)
            return {"raised": type(error).__name__}

    async def _found(self, query: ProvisionQuery) -> dict[str, Any]:
        self.asked.append(query)
        return told_found(await self.agency.answer(query))

    async def _looked_up(self, asked: LookUp) -> dict[str, Any]:
        self.looked_up.append(asked)
        found = await self.agency.look_up(asked)
        if isinstance(found, ProvidedRecord):
            check_found(self.agency, asked, found)  # here, where the record's type is known
        return told_found(found)


def _short_folder() -> Path:
    """A private folder whose path is short enough for a socket in it."""
    folder = Path(tempfile.mkdtemp(prefix="warifu-"))
    if len(os.fsencode(folder)) <= _LONGEST_FOLDER:
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="warifu-", dir="/tmp"))  # the folder in it is this user's alone


def _kind(agency: Agency, _told: dict[str, Any]) -> dict[str, Any]:
    items = {item: [each.certificate, each.certificate_ja] for item, each in agency.provides.items()}
    return {"kind": agency.kind, "keeps_replicas": agency.keeps_replicas, "items": items}


def _provided(agency: Agency, told: dict[str, Any]) -> dict[str, Any]:
    provided = agency.provided(ItemCode(told["item_code"]), told["where"])
    return {"certificate": provided.certificate, "certificate_ja": provided.certificate_ja}


def _checked(agency: Agency, told: dict[str, Any]) -> dict[str, Any]:
    record = base64.b64decode(told["record"])
    message = agency.check_record(ItemCode(told["item_code"]), record, told["where"])
    return {"year": agency.year_of(message)}


_ASKED: dict[str, Callable[[Agency, dict[str, Any]], dict[str, Any]]] = {
    "kind": _kind,
    "provided": _provided,
    "check": _checked,
}
