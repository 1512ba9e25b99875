"""Goes by the subject of the certificate, which the network's root writes as it is asked to."""

from __future__ import annotations

from typing import Any

import grpc
from tests.conformance.honest_adapter import HonestAdapter, end

CAUGHT_BY = "adapter.certificates.uri-as-common-name"


class Planted(HonestAdapter):
    async def check_caller(self, context: Any) -> None:
        (subject,) = context.auth_context().get("x509_common_name", (b"",))
        own = self.settings["node_uri"]
        wanted = {own[:64], f"agency {self.settings['institution_code']}"}
        if subject.decode() not in wanted:
            await end(context, grpc.StatusCode.PERMISSION_DENIED, "not the node of this system")
