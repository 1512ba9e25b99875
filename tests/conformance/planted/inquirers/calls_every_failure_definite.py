"""Says of every failure that surely nothing was provided."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer

from warifu.errors import Reason, WarifuError

CAUGHT_BY = "inquirer.again.after-provider-failed"


class Planted(HonestInquirer):
    def told(self, error: WarifuError) -> WarifuError:
        return WarifuError(Reason.EXCHANGE_NOT_PERMITTED, where=error.where)
