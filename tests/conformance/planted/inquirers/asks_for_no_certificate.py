"""Asks its callers for no certificate, and refuses those alone that show another's."""

from __future__ import annotations

from typing import Any

import grpc
from tests.conformance.honest_inquirer import HonestInquirer

CAUGHT_BY = "inquirer.business.none"


class Planted(HonestInquirer):
    def admits(self, uris: list[str]) -> bool:
        return not uris or super().admits(uris)

    def credentials(self) -> Any:
        key, certificate, _ = self.own_files()
        return grpc.ssl_server_credentials([(key, certificate)])
