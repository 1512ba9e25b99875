"""Hands over whatever reason the hub says."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer

from warifu.errors import WarifuError

CAUGHT_BY = "inquirer.again.no-reason-of-a-hub"


class Planted(HonestInquirer):
    def believed(self, error: WarifuError) -> WarifuError:
        return error
