"""What is beside a hub that alone is to be busy: a provider that only signs, and a load of inquiries built beforehand.

    python bench/hub_bound.py provider --dir NET/tax --hub HOST:PORT
    python bench/hub_bound.py load     --dir NET/childcare --target HOST:PORT --pids PID,PID

The provider checks no permit and seals nothing: it signs the same sealed bytes for each, all of a message together. The load
builds inquiries while nobody's clock runs, 32 in step as a node does, and then sends messages of 32 over four connections,
the next when all of one are answered; with several ``--pids``, of a hub's workers, it connects until each has its share.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import grpc
from floor import bare_channel
from measure import cpu_ns

from warifu.api.agency.v1.agency_service_pb2 import (
    ProvideReply,
    ProvideResponse,
    ProvideStreamRequest,
    ProvideStreamResponse,
)
from warifu.api.directory.v1.directory_service_pb2 import AnnounceEndpointRequest
from warifu.api.directory.v1.directory_service_pb2_grpc import DirectoryServiceStub
from warifu.api.hub.v1.hub_service_pb2 import ExchangeCall, ExchangeRequest, ExchangeStreamRequest
from warifu.api.hub.v1.hub_service_pb2_grpc import HubServiceStub
from warifu.api.type.v1.inquiry_pb2 import PROVISION_OUTCOME_ANSWERED, ProvisionPermit, SignedAnswer, SignedInquiry
from warifu.clock import SystemClock, whole_minute
from warifu.exchange.codes import AgencyCode
from warifu.exchange.inquiry import InquirerKeys, Question, build_inquiry
from warifu.exchange.signature import SigningKey
from warifu.exchange.statements import inquiry_digest, sign_answer
from warifu.lockstep import in_lockstep
from warifu.party.folder import PartyFolder
from warifu.party.process import announce_ready, run_party, serve_until
from warifu.pki import Role
from warifu.rpc.server import SERVER_OPTIONS
from warifu_services.agencies.childcare import CHILD_ALLOWANCE_PROCEDURE
from warifu_services.agencies.tax import LOCAL_TAX

TOGETHER = 32
"""Calls in a message, as a node sends them."""

CONNECTIONS = 4
_UNDER_WAY = 2  # messages on each connection
_SEALED = 48 + 256
_TIMEOUT_MS = 20_000
_TRIES = 40
_EVEN = 0.2  # of four connections, two each: a share of half, as processor time shows it


class Signer:
    """The tax office's node, which signs and does nothing else."""

    def __init__(self, party: PartyFolder) -> None:
        self._key = SigningKey(party.secret("signing.key"))
        self._directory = party.directory()
        (childcare,) = self._directory.of_kind("childcare")
        self._to = childcare.institution

    async def provide_stream(
        self, messages: AsyncIterator[ProvideStreamRequest], _: Any
    ) -> AsyncIterator[ProvideStreamResponse]:
        """Answer each message with one."""
        async for message in messages:
            answers = await asyncio.gather(*(self._signed(call.request.permit) for call in message.calls))
            yield ProvideStreamResponse(
                replies=[
                    ProvideReply(call_number=call.call_number, response=ProvideResponse(answer=answer))
                    for call, answer in zip(message.calls, answers, strict=True)
                ]
            )

    async def _signed(self, permit: ProvisionPermit) -> SignedAnswer:
        answer = SignedAnswer(
            outcome=PROVISION_OUTCOME_ANSWERED, sealed_answer=bytes(_SEALED), citizen_tag=secrets.token_bytes(16)
        )
        answer.provision_time.FromMilliseconds(whole_minute(SystemClock().unix_ms()))
        asked, number = inquiry_digest(permit.inquiry), permit.processing_number
        await in_lockstep(sign_answer.paced(self._key, answer, asked=asked, processing_number=number, to=self._to))
        return answer

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """The one method that a hub needs."""
        if not handler_call_details.method.endswith("/ProvideStream"):
            return None
        return grpc.stream_stream_rpc_method_handler(
            self.provide_stream, ProvideStreamRequest.FromString, ProvideStreamResponse.SerializeToString
        )


async def provide(stop: asyncio.Event, path: Path, hub: str) -> None:
    """Serve as the provider until ``stop``, and tell the hub where."""
    party = PartyFolder(path)
    credential = party.credential().current()
    server = grpc.aio.server(options=SERVER_OPTIONS)
    server.add_generic_rpc_handlers((Signer(party),))  # type: ignore[arg-type]  # it has what is asked of one
    credentials = grpc.ssl_server_credentials(
        [(credential.key_pem, credential.cert_pem)], party.root_pem(), require_client_auth=True
    )
    endpoint = f"127.0.0.1:{server.add_secure_port('127.0.0.1:0', credentials)}"
    await server.start()
    channel = bare_channel(path, hub, Role.HUB)
    await DirectoryServiceStub(channel).AnnounceEndpoint(AnnounceEndpointRequest(endpoint=endpoint), timeout=10)
    announce_ready(party="provider", endpoint=endpoint)
    await serve_until(stop, server)
    await channel.close()


class Load:
    """The childcare office, with inquiries built beforehand."""

    def __init__(self, path: Path, target: str, pids: Sequence[int]) -> None:
        self._path, self._target, self._pids = path, target, pids
        party = PartyFolder(path)
        self._directory = party.directory()
        own = self._directory.entry(party.settings().institution_code)
        self._keys = InquirerKeys(own=own, signing_key=SigningKey(party.secret("signing.key")), hedge_key=bytes(32))
        (tax,) = self._directory.of_kind("tax")
        self._tax = tax.institution
        self._built: list[list[SignedInquiry]] = []
        self._channels: list[grpc.aio.Channel] = []
        self._ended = 0
        self._errors: list[str] = []

    async def connect(self) -> None:
        """Connect until every worker of the hub has as many connections as every other."""
        for _ in range(_TRIES):
            await self.close()
            self._channels = [bare_channel(self._path, self._target, Role.HUB) for _ in range(CONNECTIONS)]
            await asyncio.gather(*(channel.channel_ready() for channel in self._channels))
            if len(self._pids) < 2 or await self._is_even():
                return
        raise RuntimeError("the connections never were where they should be")

    async def _is_even(self) -> bool:
        before = [cpu_ns(pid) for pid in self._pids]
        await self.slice(1_200, seconds=0.4, settle_s=0.1)
        used = [cpu_ns(pid) - then for pid, then in zip(self._pids, before, strict=True)]
        return all(abs(each / max(1, sum(used)) - 1 / len(used)) < _EVEN / len(used) for each in used)

    async def slice(self, count: int, *, seconds: float, settle_s: float) -> dict[str, Any]:
        """Send up to ``count`` inquiries; how many ended in so many seconds after ``settle_s``, and in all."""
        await self._build(count)
        self._errors.clear()
        waiting, own_s, made = iter(self._built), time.process_time(), self._ended
        sending = [
            asyncio.create_task(self._stream(channel, waiting)) for channel in self._channels for _ in range(_UNDER_WAY)
        ]
        await asyncio.sleep(settle_s)
        ended, began = self._ended, time.perf_counter()
        await asyncio.sleep(seconds)
        ended, took = self._ended - ended, time.perf_counter() - began
        is_empty = all(task.done() for task in sending)
        self._built = []
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)
        if is_empty and not self._errors:
            self._errors.append(f"{count} inquiries were too few for {seconds} s")
        own_us = (time.process_time() - own_s) * 1e6
        return {
            "seconds": took,
            "ended": ended,
            "made": self._ended - made,
            "own_us": own_us,
            "errors": self._errors[:3],
        }

    async def _build(self, count: int) -> None:
        self._built = [
            list(await asyncio.gather(*(self._inquiry() for _ in range(TOGETHER)))) for _ in range(count // TOGETHER)
        ]

    async def _inquiry(self) -> SignedInquiry:
        point = self._directory.group.hash_to_point(secrets.token_bytes(16))
        question = Question(
            request_id=secrets.token_bytes(16),
            provider=self._tax,
            procedure_code=CHILD_ALLOWANCE_PROCEDURE,
            item_code=LOCAL_TAX,
        )
        own = self._keys.own
        code = AgencyCode(institution=own.institution, epoch=own.epoch, point=point)
        building = build_inquiry.paced(
            question, code, keys=self._keys, directory=self._directory, now_ms=SystemClock().unix_ms()
        )
        inquiry, _ = await in_lockstep(building)
        return inquiry

    async def _stream(self, channel: grpc.aio.Channel, waiting: Iterator[list[SignedInquiry]]) -> None:
        """One stream: a message, all of its answers, the next."""
        stream: Any = HubServiceStub(channel).ExchangeStream()
        for inquiries in waiting:
            calls = [
                ExchangeCall(call_number=n, timeout_ms=_TIMEOUT_MS, request=ExchangeRequest(inquiry=inquiry))
                for n, inquiry in enumerate(inquiries, 1)
            ]
            await stream.write(ExchangeStreamRequest(calls=calls))
            left = len(calls)
            while left:
                for reply in (await stream.read()).replies:
                    left -= 1
                    if reply.WhichOneof("end") == "failure":
                        self._errors.append(f"{reply.failure.reason} {reply.failure.where}")
                    self._ended += 1

    async def close(self) -> None:
        """Close the connections."""
        await asyncio.gather(*(channel.close() for channel in self._channels))
        self._channels = []


async def obey(load: Load) -> None:
    """Obey orders until standard input ends."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await load.connect()
    announce_ready(party="load", endpoint="")
    while line := await reader.readline():
        print(json.dumps(await load.slice(**json.loads(line))), flush=True)
    await load.close()


def main() -> int:
    """Run one of the two."""
    parser = argparse.ArgumentParser(description="What is beside a hub that alone is to be busy.")
    parser.add_argument("what", choices=("provider", "load"))
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--hub", default="")
    parser.add_argument("--target", default="")
    parser.add_argument("--pids", default="", help="processes that serve, each to have its share of the connections")
    told = parser.parse_args()

    async def run(stop: asyncio.Event) -> None:
        if told.what == "provider":
            await provide(stop, told.dir, told.hub)
        else:
            await obey(Load(told.dir, told.target, [int(pid) for pid in told.pids.split(",") if pid]))

    return run_party(run, party=told.what, log_level="warning", stop_with_parent=True)


if __name__ == "__main__":
    sys.exit(main())
