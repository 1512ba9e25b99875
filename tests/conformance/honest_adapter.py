"""A business system that keeps every rule of docs/protocol/adapter.md: what planted mistakes are made of.

It is written against gRPC and the protos alone, as somebody's first one would be. Each method is one thing to get wrong.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

import grpc

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2
from warifu.api.adapter.v1.adapter_service_pb2_grpc import AdapterServiceServicer, add_AdapterServiceServicer_to_server
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord

ITEM = "TM00000000000002"
Row = dict[str, Any]
ROWS: tuple[Row, ...] = (
    {"number": "T-9", "year": 2025, "from": "2025-06-01", "until": "", "income": 3_100_000, "clerk": False},
    {"number": "T-9", "year": 2026, "from": "2026-06-01", "until": "", "income": 3_200_000, "clerk": False},
    {"number": "T-10", "year": 2026, "from": "2026-06-01", "until": "", "income": 4_800_000, "clerk": True},
    {"number": "T-11", "year": 2026, "from": "2999-06-01", "until": "", "income": 2_500_000, "clerk": False},
    {"number": "T-12", "year": 2026, "from": "2026-06-01", "until": "2999-06-30", "income": 900_000, "clerk": False},
    {"number": "T-13", "year": 2026, "from": "2999-06-01", "until": "", "income": 1_700_000, "clerk": True},
)
Looked = adapter_pb2.LookUpRequest
Told = adapter_pb2.LookUpResponse


class HonestAdapter(AdapterServiceServicer):
    """Its people are those of people.yaml beside this file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings: dict[str, str] = json.loads((folder / "adapter.json").read_text("utf-8"))

    # Who may ask.

    def admits(self, uris: list[str], names: list[str]) -> bool:
        """``names`` are all of the certificate's alternative names."""
        return uris == [self.settings["node_uri"]]

    async def check_caller(self, context: Any) -> None:
        names = [name.decode() for name in context.auth_context().get("x509_subject_alternative_name", ())]
        if not self.admits([name for name in names if "://" in name], names):
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "not the node of this system")

    # The three calls.

    async def GetReadiness(self, request: Any, context: Any) -> adapter_pb2.GetReadinessResponse:
        await self.check_caller(context)
        return self.readiness(request)

    def readiness(self, request: Any) -> adapter_pb2.GetReadinessResponse:
        code = self.settings["institution_code"]
        return adapter_pb2.GetReadinessResponse(institution_code=code, ready=True, item_codes=[ITEM])

    async def LookUp(self, request: Looked, context: Any) -> Told:
        await self.check_caller(context)
        return await self.looked_up(request, context)

    async def looked_up(self, request: Looked, context: Any) -> Told:
        told = Told(local_number=request.local_number, item_code=request.item_code)
        held = self.held(request)
        provided = [row for row in held if self.is_provided(row, self.today(request))]
        if not provided:
            await self.nothing(told, held, request, context)
            return told
        row = max(provided, key=lambda each: int(each["year"]))
        if row["clerk"] and not request.released:
            self.hold_back(told, row)
            return told
        self.fill(told, row)
        return told

    async def GetClerkDecision(self, request: Any, context: Any) -> adapter_pb2.GetClerkDecisionResponse:
        await self.check_caller(context)
        return self.decided(request)

    def decided(self, request: Any) -> adapter_pb2.GetClerkDecisionResponse:
        pending = adapter_pb2.PROVISION_DECISION_PENDING
        return adapter_pb2.GetClerkDecisionResponse(processing_number=request.processing_number, decision=pending)

    # What a look-up is made of.

    def today(self, request: Looked) -> str:
        return str(request.asked_on)

    def held(self, request: Looked) -> list[Row]:
        if request.item_code != ITEM:
            return []
        return [row for row in self.rows_of(request.local_number) if request.fiscal_year in (0, row["year"])]

    def rows_of(self, local_number: str) -> list[Row]:
        return [row for row in ROWS if row["number"] == local_number]

    def is_provided(self, row: Row, today: str) -> bool:
        return row["from"] <= today and (not row["until"] or today <= row["until"])

    async def nothing(self, told: Told, held: list[Row], request: Looked, context: Any) -> None:
        absent = adapter_pb2.LOOK_UP_OUTCOME_NOT_PUBLISHED if held else adapter_pb2.LOOK_UP_OUTCOME_NOT_HELD
        told.outcome = absent

    def hold_back(self, told: Told, row: Row) -> None:
        told.outcome = adapter_pb2.LOOK_UP_OUTCOME_PENDING

    def fill(self, told: Told, row: Row) -> None:
        told.outcome = adapter_pb2.LOOK_UP_OUTCOME_FOUND
        told.fiscal_year, told.publication_start, told.publication_end = row["year"], row["from"], row["until"]
        told.record_type, told.record = LocalTaxRecord.DESCRIPTOR.full_name, self.record(row)

    def record(self, row: Row) -> bytes:
        return LocalTaxRecord(fiscal_year=row["year"], total_income_yen=row["income"]).SerializeToString()

    # The server.

    def credentials(self) -> grpc.ServerCredentials:
        key, certificate, root = ((self.folder / name).read_bytes() for name in ("tls.key", "tls.pem", "root.pem"))
        return grpc.ssl_server_credentials([(key, certificate)], root, require_client_auth=True)

    async def serve(self) -> tuple[grpc.aio.Server, str]:
        """The server, started, and where it listens."""
        server = grpc.aio.server()
        add_AdapterServiceServicer_to_server(self, server)
        port = server.add_secure_port("127.0.0.1:0", self.credentials())
        await server.start()
        return server, f"127.0.0.1:{port}"


async def end(context: Any, status: grpc.StatusCode, words: str) -> NoReturn:
    """End a call with an error."""
    await context.abort(status, words)
    raise AssertionError
