"""The faults of one party: what it was asked for, what it counts, what it writes down.

Decides which attempt a call is, by counting calls about the same exchange, and which exchange a call is about that has its
processing number alone, by the permits that were brought; the rest is decided in ``deciding``. It reads the
party's rules and writes its ledger, and knows no gRPC.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

from warifu.errors import Reason, WarifuError
from warifu.rpc.logging import get_logger
from warifu_kit.faults.deciding import Meeting, cannot_meet, met_faults
from warifu_kit.faults.draws import FaultedCall
from warifu_kit.faults.ledger import MOST_BYTES, FaultLedger, uses_of_rules
from warifu_kit.faults.rpcs import Exchange, Rpc, exchange_in, number_of
from warifu_kit.faults.rules import WatchedRules
from warifu_kit.faults.settings import FaultSettings

__all__ = ["PartyFaults"]

_MOST_COUNTED = 65_536


class PartyFaults:
    """What calls meet at one party, which is the process that has its folder."""

    def __init__(self, party: str, folder: Path, settings: FaultSettings) -> None:
        self._party = party
        self._settings = settings
        self._calm = replace(settings, calm=True)
        self._rules = WatchedRules(folder)
        self._used = uses_of_rules(folder)  # a party that is started again goes on where it was
        self._ledger = FaultLedger(folder)
        self._said_full = False
        self._attempts: OrderedDict[tuple[str, bytes], int] = OrderedDict()
        self._numbered: OrderedDict[str, Exchange] = OrderedDict()

    def meet(self, rpc: Rpc, received: bytes, asked: str = "", *, made: bool = False) -> Meeting | None:
        """What the call of ``rpc`` with the request ``received`` meets, which stands in the ledger then; None for nothing.

        Nothing once the ledger is full. ``asked`` is what the call itself asks for. To a call that is ``made`` by this party nothing is done but by a rule: whoever
        serves it draws. Raises: REQUEST_MALFORMED when that is no fault, or cannot be done there.
        """
        if self._ledger.is_full:
            self._say_full()
            return None
        try:
            exchange = self._exchange(rpc.request.FromString(received), received)
        except DecodeError:
            return None  # the party will say so
        call = self._call(rpc, exchange)
        meeting = self._met(rpc, call, asked, self._calm if made else self._settings)
        if meeting is not None:
            self._ledger.write(meeting.line)
        return meeting

    def _exchange(self, request: Any, received: bytes) -> Exchange:
        """What a request is about. One that has a processing number alone is about the exchange whose permit has it."""
        found, number = exchange_in(request, received), number_of(request)
        if number and found.shown:
            self._numbered.pop(number, None)
            self._numbered[number] = found
            if len(self._numbered) > _MOST_COUNTED:
                self._numbered.popitem(last=False)
        return found if found.shown else self._numbered.get(number, found)

    def _say_full(self) -> None:
        if not self._said_full:
            self._said_full = True
            get_logger("faults").warning("fault_ledger_full", bytes=MOST_BYTES)

    def _met(self, rpc: Rpc, call: FaultedCall, asked: str, settings: FaultSettings) -> Meeting | None:
        try:
            rules = self._rules.current()
            drawn = self._calm if self._rules.calm else settings
            meeting = met_faults(drawn, call, asked=asked, rules=rules, used=self._used)
        except ValueError as error:
            raise WarifuError(Reason.REQUEST_MALFORMED, where=f"metadata warifu-fault: {error}") from None
        if meeting is not None and (why := cannot_meet(rpc, meeting.faults)):
            raise WarifuError(Reason.REQUEST_MALFORMED, where=f"metadata warifu-fault: {why}")
        return meeting

    def _call(self, rpc: Rpc, exchange: Exchange) -> FaultedCall:
        key = (rpc.name, exchange.key)
        attempt = self._attempts.pop(key, 0) + 1
        self._attempts[key] = attempt
        if len(self._attempts) > _MOST_COUNTED:
            self._attempts.popitem(last=False)
        return FaultedCall(
            party=self._party, rpc=rpc.name, exchange=exchange.key, attempt=attempt, shown=exchange.shown
        )
