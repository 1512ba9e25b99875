"""One load process: keeps so many calls in flight, for so long, when told to; idle otherwise.

    python bench/load.py bare   --dir NET/childcare --target RELAY --request-bytes N
    python bench/load.py stream --dir NET/childcare --target HUB --people N
    python bench/load.py unary  --dir NET/childcare --target HUB --people N

Reads one JSON order a line from standard input and answers each with one JSON line on standard output. ``bare`` calls
the relay. The others are the inquirer's side of a node: its folder and keys, its database with durable writes, and the
production :class:`~warifu_services.node.inquirer.Inquirer`; an answer counts only when it verified, opened, was recorded
and is the very record of the person asked about. ``stream`` reaches the hub as a node does, ``unary`` one RPC at a time; an order
may say that a slice is to be asked in bulk, 192 rows in a message, and for how many seconds its callers wait.

A slice is measured while it is in full swing: the calls in flight start, settle for a moment, and only then do the
clocks run; calls that end after the clocks stop are not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import secrets
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from figures import IN_FLIGHT
from floor import METHOD, bare_channel
from measure import cpu_ns
from people import FISCAL_YEAR, local_numbers, tax_record

from warifu.agency import ProvidedRecord
from warifu.api.agency.v1.agency_service_pb2 import ProvideRequest, ProvideResponse
from warifu.api.hub.v1.hub_service_pb2 import ExchangeRequest, ExchangeResponse
from warifu.api.type.v1.inquiry_pb2 import EncryptedCode, ProvisionPermit, SignedInquiry
from warifu.clock import SystemClock
from warifu.errors import Reason, WarifuError
from warifu.exchange.conversion_proof import PROOF_SIZE
from warifu.exchange.inquiry import Question
from warifu.exchange.signature import SIGNATURE_SIZE
from warifu.party.folder import PartyFolder
from warifu.party.process import announce_ready, run_party
from warifu.pki import Identity, Role
from warifu.rpc.channel import PeerChannel
from warifu_kit.bulk.order import TOGETHER
from warifu_services.agencies.childcare import CHILD_ALLOWANCE_PROCEDURE
from warifu_services.agencies.tax import LOCAL_TAX
from warifu_services.node.hub_link import BulkHub, StreamedHub, UnaryHub
from warifu_services.node.inquirer import HubPort, Inquirer
from warifu_services.node.inquiry_book import InquiryRequest
from warifu_services.node.keys import NodeKeys
from warifu_services.node.store_database import DatabaseNodeStore

Call = Callable[[], Awaitable[None]]

_PATIENCE_S = 20.0
_ORDER_LIMIT = 1 << 20


class Slice:
    """One slice: calls in flight, and what happened while the clocks ran."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._going = True
        self._counting = False
        self._took_ms: list[float] = []
        self._errors: list[str] = []
        self._may_refuse = False
        self._refused = 0
        self._turned_away = 0

    async def run(
        self,
        *,
        in_flight: int,
        settle_s: float,
        seconds: float,
        pids: list[int],
        per_s: float = 0.0,
        may_refuse: bool = False,
    ) -> dict[str, Any]:
        """Keep ``in_flight`` calls going; what came of those that ended within ``seconds`` after ``settle_s``.

        With ``per_s`` so many calls a second come by themselves instead, at random moments, however many are under way; each
        took as long as from the moment when it was due. With ``may_refuse`` a call that is definitely refused for want of room is
        no error: ``refused`` are those while the clocks ran, ``turned_away`` all. ``drained_s``: how long what was under way took
        to end once no more came.
        """
        self._may_refuse = may_refuse
        if per_s:
            callers = [asyncio.create_task(self._comers(per_s))]
        else:
            callers = [asyncio.create_task(self._caller()) for _ in range(in_flight)]
        await asyncio.sleep(settle_s)
        started, cpu_before = time.perf_counter(), [cpu_ns(pid) for pid in pids]
        self._counting = True
        await asyncio.sleep(seconds)
        self._counting = False
        cpu_after, ended = [cpu_ns(pid) for pid in pids], time.perf_counter()
        self._going = False
        await asyncio.gather(*callers)
        cpu = [after - before for before, after in zip(cpu_before, cpu_after, strict=True)]
        return {
            "seconds": ended - started,
            "cpu_ns": cpu,
            "took_ms": self._took_ms,
            "errors": self._errors,
            "refused": self._refused,
            "turned_away": self._turned_away,
            "drained_s": time.perf_counter() - ended,
        }

    async def _caller(self) -> None:
        while self._going and await self._made(time.perf_counter()):
            pass

    async def _comers(self, per_s: float) -> None:
        due, comers = time.perf_counter(), set[asyncio.Task[bool]]()
        while self._going:
            due += random.expovariate(per_s)
            await asyncio.sleep(due - time.perf_counter())
            comer = asyncio.create_task(self._made(due))
            comers.add(comer)
            comer.add_done_callback(comers.discard)
        await asyncio.gather(*comers)

    async def _made(self, began: float) -> bool:
        """Make a call that was due when it ``began``; whether it went well."""
        try:
            await self._call()
        except Exception as error:  # noqa: BLE001  # any error makes the figures void; it is told, not raised
            if self._may_refuse and _is_for_want_of_room(error):
                self._refused += self._counting
                self._turned_away += 1
                return False
            self._errors.append(f"{type(error).__name__}: {error}")
            return False
        if self._counting:
            self._took_ms.append(round((time.perf_counter() - began) * 1000, 3))
        return True


def _is_for_want_of_room(error: Exception) -> bool:
    return isinstance(error, WarifuError) and error.reason is Reason.OVERLOADED and error.definite


class BulkSlice(Slice):
    """One slice of messages of inquiries; what is counted are the rows."""

    def __init__(self, load: RealLoad) -> None:
        super().__init__(load.call)
        self._load = load

    async def _caller(self) -> None:
        while self._going:
            try:
                await self._load.message(self._ended)
            except Exception as error:  # noqa: BLE001  # as above
                self._errors.append(f"{type(error).__name__}: {error}")
                return

    def _ended(self, seconds: float) -> None:
        if self._counting:
            self._took_ms.append(round(seconds * 1000, 3))


class BareLoad:
    """Calls to the bare relay."""

    def __init__(self, folder: Path, target: str, request_bytes: int) -> None:
        self._channel = bare_channel(folder, target, Role.HUB)
        self._method: Any = self._channel.unary_unary(METHOD)
        self._request = bytes(request_bytes)
        self.made = 0

    async def call(self) -> None:
        """One call."""
        self.made += 1
        await self._method(self._request, timeout=_PATIENCE_S)

    async def close(self) -> None:
        """Close the channel."""
        await self._channel.close()


class _MeasuringHub:
    """A :class:`HubPort` that passes everything on and notes the largest sizes of the messages of an exchange."""

    def __init__(self, hub: HubPort) -> None:
        self._hub = hub
        self.sizes: dict[str, int] = {}

    async def exchange(self, inquiry: SignedInquiry, timeout: float) -> ExchangeResponse:
        response = await self._hub.exchange(inquiry, timeout)
        permit = ProvisionPermit(
            inquiry=inquiry,
            converted_code=EncryptedCode(c1=bytes(32), c2=bytes(32)),  # as long as every converted code
            processing_number=response.processing_number,
            permission_row=response.permission_row,
            permit_time=response.permit_time,
            conversion_proof=bytes(PROOF_SIZE + len(response.answer.provider_signature) - SIGNATURE_SIZE),
            hub_signature=bytes(len(response.answer.provider_signature)),  # as many share it as share the answer's
        )
        sizes = {
            "request": ExchangeRequest(inquiry=inquiry).ByteSize(),
            "permit": ProvideRequest(permit=permit).ByteSize(),
            "answer": ProvideResponse(answer=response.answer).ByteSize(),
            "response": response.ByteSize(),
        }
        self.sizes = {name: max(size, self.sizes.get(name, 0)) for name, size in sizes.items()}
        return response


class RealLoad:
    """Inquiries by the childcare agency's own node code."""

    def __init__(self, path: Path, target: str, people: int, *, streamed: bool) -> None:
        folder = PartyFolder(path)
        self._directory = folder.directory()
        self._keys = NodeKeys.load(folder, self._directory)
        self._store = DatabaseNodeStore(path / "node.sqlite3")
        hub = Identity(network=self._directory.network, role=Role.HUB, institution=self._directory.hub)
        self._peer = PeerChannel(target, credential=folder.credential(), root_pem=folder.root_pem(), expect=hub)
        self._hub = StreamedHub(self._peer) if streamed else UnaryHub(self._peer)
        self._bulk_hub = BulkHub(self._peer, self._hub) if isinstance(self._hub, StreamedHub) else None
        self._inquirer = self._inquirer_over(self._hub)
        (tax,) = self._directory.of_kind("tax")
        self._provider = tax.institution
        self._records = {person: tax_record(person) for person in local_numbers(0, people)}
        self._people = list(self._records)
        self.patience_s = _PATIENCE_S
        self.made = 0

    def _inquirer_over(self, hub: HubPort) -> Inquirer:
        return Inquirer(
            keys=self._keys,
            directory=self._directory,
            store=self._store,
            hub=hub,
            bulk=self._bulk_hub,
            clock=SystemClock(),
        )

    async def call(self) -> None:
        """One exchange about anybody. Raises: ValueError when the record is not that person's."""
        await self._ask(self._inquirer)

    async def message(self, ended: Callable[[float], None]) -> None:
        """A message of bulk inquiries about anybody; ``ended`` hears how many seconds each row took. Raises: as :meth:`call`."""
        started = time.perf_counter()

        async def row() -> None:
            await self._ask(self._inquirer, in_bulk=True)
            ended(time.perf_counter() - started)

        await asyncio.gather(*(row() for _ in range(TOGETHER)))

    async def sizes(self) -> dict[str, int]:
        """The sizes, in bytes, of the messages of a real exchange among as many as are in flight at most.

        What is signed together is longer than what is signed alone.
        """
        measuring = _MeasuringHub(self._hub)
        inquirer = self._inquirer_over(measuring)
        await asyncio.gather(*(self._ask(inquirer) for _ in range(max(IN_FLIGHT))))
        return measuring.sizes

    async def _ask(self, inquirer: Inquirer, *, in_bulk: bool = False) -> None:
        self.made += 1
        person = random.choice(self._people)
        question = Question(
            request_id=secrets.token_bytes(16),
            provider=self._provider,
            procedure_code=CHILD_ALLOWANCE_PROCEDURE,
            item_code=LOCAL_TAX,
            fiscal_year=FISCAL_YEAR,
        )
        asked = InquiryRequest(local_number=person, question=question)
        result = await inquirer.inquire(asked, self.patience_s, in_bulk=in_bulk)
        if not isinstance(result.found, ProvidedRecord) or result.found.record != self._records[person]:
            raise ValueError("the answer is not the record of the person asked about")

    async def close(self) -> None:
        """Let go of channel and store."""
        await self._inquirer.close()
        await self._hub.close()
        if self._bulk_hub is not None:
            await self._bulk_hub.close()
        await self._peer.close()
        self._store.close()


async def _serve(load: BareLoad | RealLoad) -> None:
    """Obey orders until standard input ends."""
    reader = asyncio.StreamReader(limit=_ORDER_LIMIT)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    announce_ready(party="load", endpoint="")
    while line := await reader.readline():
        print(json.dumps(await _obey(load, json.loads(line))), flush=True)
    await load.close()


async def _obey(load: BareLoad | RealLoad, order: dict[str, Any]) -> dict[str, Any]:
    if order["do"] == "sizes":
        assert isinstance(load, RealLoad)
        return {"sizes": await load.sizes()}
    before = load.made
    if isinstance(load, RealLoad):
        load.patience_s = order.get("patience_s", _PATIENCE_S)
    slice_ = BulkSlice(load) if isinstance(load, RealLoad) and order["in_bulk"] else Slice(load.call)
    told = await slice_.run(**order["slice"])
    return {**told, "made": load.made - before}


def main() -> int:
    """Run one load process."""
    parser = argparse.ArgumentParser(description="Keeps calls in flight when told to.")
    parser.add_argument("kind", choices=("bare", "stream", "unary"))
    parser.add_argument("--dir", type=Path, required=True, help="folder of the agency that asks")
    parser.add_argument("--target", required=True, help="where the relay, or the hub, listens")
    parser.add_argument("--request-bytes", type=int, default=0, help="size of a request (bare)")
    parser.add_argument("--people", type=int, default=0, help="how many people there are to ask about (stream, unary)")
    told = parser.parse_args()

    async def run(_: asyncio.Event) -> None:
        if told.kind == "bare":
            await _serve(BareLoad(told.dir, told.target, told.request_bytes))
        else:
            await _serve(RealLoad(told.dir, told.target, told.people, streamed=told.kind == "stream"))

    return run_party(run, party=f"load-{told.kind}", log_level="warning", stop_with_parent=True)


if __name__ == "__main__":
    sys.exit(main())
