"""Looks at the role in the hub's certificate and not at the whole of its URI."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer

from warifu.errors import WarifuError

CAUGHT_BY = "inquirer.hub.uri-of-another-network"


class Planted(HonestInquirer):
    async def check_hub(self, left: float) -> None:
        try:
            await super().check_hub(left)
        except WarifuError as error:
            if "another party answers there" not in error.where:
                raise
