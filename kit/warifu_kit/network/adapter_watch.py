"""Whether the business systems behind a network's nodes are there, told when that changes.

Decides who is asked (a node whose folder names a business system, nobody else), how often, and what is a change: that a node
does not answer is none, for its end is told as such. What a node takes for a business system that is not there, it decides.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from warifu.api.party.v1 import party_service_pb2 as party_pb2
from warifu.client.blocking_party import BlockingPartyClient
from warifu.client.connection import NetworkDescription
from warifu.errors import WarifuError
from warifu.party.folder import PartyFolder

if TYPE_CHECKING:
    from warifu_kit.network.network import Network
    from warifu_kit.network.party_process import PartyProcess

__all__ = ["AdapterContact", "AdapterWatch"]

_EVERY_S: Final = 2.0
_PATIENCE_S: Final = 5.0
_ALARM: Final = party_pb2.ALARM_KIND_ADAPTER_NOT_IN_CONTACT

Tell = Callable[[str, str, str], None]


class AdapterContact:
    """What is known of one node's business system; there until somebody says otherwise."""

    def __init__(self, *, is_there: bool = True) -> None:
        self._is_there = is_there

    def change(self, reply: party_pb2.GetStatusResponse) -> tuple[str, str] | None:
        """What is new in what the node says: an event and its detail; None when nothing is."""
        gone = next((alarm.where for alarm in reply.alarms if alarm.kind == _ALARM), None)
        if (gone is None) == self._is_there:
            return None
        self._is_there = gone is None
        return ("adapter back", "its business system answers") if gone is None else ("adapter gone", gone)


class AdapterWatch:
    """Asks on a thread of its own, as the supervisor, from one look to the next. A context manager.

    ``tell`` hears ("adapter gone", party, why) and ("adapter back", party, what), on that thread.
    """

    def __init__(self, network: Network, tell: Tell) -> None:
        self._network, self._tell = network, tell
        self._contacts: dict[str, AdapterContact] = {}
        self._named: dict[tuple[str, int], bool] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="adapter watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()  # a look that is under way may take its time: nobody waits for it

    def _run(self) -> None:
        while not self._stopping.wait(_EVERY_S):
            with suppress(WarifuError, OSError):  # a file that is just being replaced, or is amiss: the parties say so
                self._look()

    def _look(self) -> None:
        behind = list(self._behind_adapters())
        if not behind:
            return
        described = NetworkDescription.load(self._network.path)
        for process in behind:
            is_there = not process.amiss.startswith("ADAPTER_")  # else that was told when it started
            contact = self._contacts.setdefault(process.party, AdapterContact(is_there=is_there))
            with suppress(WarifuError):  # it does not answer: that is told, where it has ended
                with BlockingPartyClient(described.to_party(process.party)) as party:
                    told = contact.change(party.status(timeout=_PATIENCE_S))
                if told is not None and not self._stopping.is_set():
                    self._tell(told[0], process.party, told[1])

    def _behind_adapters(self) -> Iterator[PartyProcess]:
        for party, process in list(self._network.parties.items()):
            if process.is_ready and self._names_adapter(party, process.pid):
                yield process

    def _names_adapter(self, party: str, pid: int) -> bool:
        """Whether a party was started with a business system; its settings are read once for each time it is."""
        if (party, pid) not in self._named:
            try:
                settings = PartyFolder(self._network.path / party).settings()
            except WarifuError:  # it would not start again: whoever looks after parties says so
                return False
            self._named[party, pid] = settings.adapter is not None
        return self._named[party, pid]
