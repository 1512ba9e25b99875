"""The one kind of load user: an agency's business system that asks its own node about its people.

Decides what is asked and what counts as a success: an answer whose record opens as the message type it says it is, or a
pending one. It knows the network from its folder (``WARIFU_NETWORK``), uses the core's synchronous client and nothing of
the parties' own code.
"""

from __future__ import annotations

import itertools
import os
import random
import secrets
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError
from locust import User, constant, events, task

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.api.record.v1.resident_record_pb2 import ResidentRecord
from warifu.client import BlockingNodeClient, NetworkDescription
from warifu.errors import Reason, WarifuError
from warifu.saved_text import parse_json

__all__ = ["AgencyUser"]

_TIMEOUT_SECONDS = 10.0
_RECORDS = {kind.DESCRIPTOR.full_name: kind for kind in (LocalTaxRecord, ResidentRecord)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """One agency that asks: its procedure, and whom it may ask for which item about which of its people."""

    agency: str
    procedure_code: str
    questions: tuple[tuple[str, str, tuple[str, ...]], ...]


@cache
def _network() -> NetworkDescription:
    return NetworkDescription.load(Path(os.environ["WARIFU_NETWORK"]))


@cache
def _offices() -> tuple[Office, ...]:
    told: Any = parse_json((_network().folder / "population.json").read_bytes())
    return tuple(
        Office(
            agency=agency,
            procedure_code=about["procedure_code"],
            questions=tuple(
                (question["provider"], question["item_code"], tuple(about["applicants_at"][question["provider"]]))
                for question in about["questions"]
            ),
        )
        for agency, about in told["offices"].items()
        if about["applicants"]
    )


@cache
def _client(agency: str) -> BlockingNodeClient:
    """One channel and one certificate for each agency in this process, made after locust has forked."""
    return BlockingNodeClient(_network().to_node(agency))


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
        started, size, failure = time.perf_counter(), 0, None
        try:
            result = self._client.inquire(inquiry, timeout=_TIMEOUT_SECONDS)
            size = _checked_size(result)
        except WarifuError as error:
            failure = error
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
