"""Says in the ErrorInfo of an error what it stumbled over in the row of a known person."""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as Detail
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]  # no types
from tests.conformance.honest_adapter import HonestAdapter, Looked, Told, end

CAUGHT_BY = "adapter.errors.same-for-everybody"


class Planted(HonestAdapter):
    async def looked_up(self, request: Looked, context: Any) -> Told:
        if request.fiscal_year > 9999:
            where = "table row" if self.rows_of(request.local_number) else "request"
            detail = Detail()
            detail.Pack(error_details_pb2.ErrorInfo(reason="BAD_YEAR", domain="town", metadata={"where": where}))
            status = status_pb2.Status(code=3, message="bad year", details=[detail])
            context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
            await end(context, grpc.StatusCode.INVALID_ARGUMENT, "bad year")
        return await super().looked_up(request, context)
