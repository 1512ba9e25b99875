"""The one kind of load user: an agency's business system that asks its own node about its people.

Decides what is asked and what counts as a success: an answer whose record opens as the message type it says it is, or a
pending one. Every call that was begun is counted: when the run is over users end theirs first, and one that is cut off
all the same is a failure. It knows the network from its folder (``WARIFU_NETWORK``), uses the core's synchronous client
and nothing of the parties' own code.
"""

from __future__ import annotations

import itertools
import os
import random
import secrets
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from gevent import GreenletExit  # type: ignore[import-untyped]  # publishes no types
from google.protobuf.message import DecodeError
from last_calls import CALL_SECONDS
from locust import User, constant, events, task

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.api.record.v1.resident_record_pb2 import ResidentRecord
from warifu.client import BlockingNodeClient, NetworkDescription
from warifu.errors import Reason, WarifuError
from warifu.printable import printable, shell_command
from warifu.saved_text import parse_json

__all__ = ["AgencyUser", "CutOffError", "get_ready"]

_RECORDS = {kind.DESCRIPTOR.full_name: kind for kind in (LocalTaxRecord, ResidentRecord)}


class CutOffError(Exception):
    """The run ended while the call was open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """One agency that asks: its procedure, and whom it may ask for which item about which of its people."""

    agency: str
    procedure_code: str
    questions: tuple[tuple[str, str, tuple[str, ...]], ...]


@cache
def _network() -> NetworkDescription:
    folder = os.environ.get("WARIFU_NETWORK")
    if not folder:
        where = "WARIFU_NETWORK is not set; it names the folder of a network that is up and populated"
        raise WarifuError(Reason.CONFIG_INVALID, where=where)
    return NetworkDescription.load(Path(folder))


@cache
def _offices() -> tuple[Office, ...]:
    """The offices that have somebody to ask about, at least one. Raises: CONFIG_INVALID, FILE_INVALID."""
    path = _network().folder / "population.json"
    populate = f"fill it with: {shell_command('warifu', 'populate', _network().folder)}"
    try:
        offices = _offices_in(parse_json(path.read_bytes()), _network().parties)
    except FileNotFoundError as error:
        raise WarifuError(Reason.FILE_INVALID, where=f"{path}: the network has no people; {populate}") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WarifuError(Reason.FILE_INVALID, where=f"{path}: not what `warifu populate` writes") from error
    if not offices:
        where = f"{path}: no office has anybody to ask about; {populate} --residents 200"
        raise WarifuError(Reason.FILE_INVALID, where=where)
    return offices


def _offices_in(told: Any, there: Collection[str]) -> tuple[Office, ...]:
    """Of agencies that are ``there``, and about what they may ask one that is: some may have left since."""
    offices = (
        Office(
            agency=agency,
            procedure_code=about["procedure_code"],
            questions=tuple(
                (question["provider"], question["item_code"], tuple(about["applicants_at"][question["provider"]]))
                for question in about["questions"]
                if question["provider"] in there
            ),
        )
        for agency, about in told["offices"].items()
        if agency in there
    )
    return tuple(office for office in offices if office.questions)


@cache
def _client(agency: str) -> BlockingNodeClient:
    """One channel and one certificate for each agency in this process, made after locust has forked."""
    return BlockingNodeClient(_network().to_node(agency))


@events.init.add_listener  # type: ignore[untyped-decorator]  # locust types no hooks
def get_ready(**_: object) -> None:
    """End at once, with a sentence, when there is nobody to ask."""
    try:
        for office in _offices():
            _network().to_node(office.agency)
    except WarifuError as error:
        sys.exit(f"loadtest: {printable(str(error))}")


_turn = itertools.count()


class AgencyUser(User):
    """A clerk at one agency, asking without a pause. Users take turns at the agencies."""

    wait_time = constant(0)

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        offices = _offices()
        self._office = offices[next(_turn) % len(offices)]
        self._client = _client(self._office.agency)
        self._choice = random.Random(secrets.randbits(64))

    @task
    def inquire(self) -> None:
        """Ask one provider about one person, and look at what came back."""
        provider, item_code, people = self._choice.choice(self._office.questions)
        inquiry = node_pb2.Inquiry(
            request_id=secrets.token_bytes(16),
            local_number=self._choice.choice(people),
            procedure_code=self._office.procedure_code,
            provider=_network().institution(provider),
            item_code=item_code,
        )
        started, size = time.perf_counter(), 0
        failure: Exception | None = CutOffError("open when the run ended")
        try:
            result = self._client.inquire(inquiry, timeout=CALL_SECONDS)
            size, failure = _checked_size(result), None
        except WarifuError as error:
            failure = error
        except GreenletExit:
            self._count(provider, started, size, failure)
            raise
        self._count(provider, started, size, failure)

    def _count(self, provider: str, started: float, size: int, failure: Exception | None) -> None:
        events.request.fire(  # type: ignore[no-untyped-call]  # locust types no hooks
            request_type="inquire",
            name=f"{self._office.agency} asks {provider}",
            response_time=(time.perf_counter() - started) * 1000,
            response_length=size,
            exception=failure,
            context={},
        )


def _checked_size(result: node_pb2.InquiryResult) -> int:
    """The size of the answered record in bytes; 0 for a pending one. Raises: HUB_ANSWER_INVALID for anything else."""
    if result.state == node_pb2.INQUIRY_STATE_PENDING:
        return 0
    kind = _RECORDS.get(result.record_type)
    try:
        if kind is None or result.state != node_pb2.INQUIRY_STATE_ANSWERED:
            raise WarifuError(Reason.HUB_ANSWER_INVALID, where="result")
        kind.FromString(result.record)
    except DecodeError:
        raise WarifuError(Reason.HUB_ANSWER_INVALID, where="result.record") from None
    return len(result.record)
