"""The officer who hands in a file of inquiries (一括照会) and waits for all its rows.

Until nodes take files, its rows go as single inquiries, one after the other; each row's time runs from when the file was
handed in.
"""

from __future__ import annotations

import random
from collections.abc import Collection

from warifu_loadtest.driving.neighbourhood import Neighbourhood
from warifu_loadtest.driving.visit import Visit
from warifu_loadtest.users.clerk import INQUIRE, ask, meant_refusals
from warifu_loadtest.users.user import LoadUser

__all__ = ["BatchOfficer"]

_ROWS = 20


class BatchOfficer(LoadUser):
    """Hands in a file of some rows at one office."""

    share = 1.0
    waits = False

    def __init__(self, around: Neighbourhood, company: Collection[str]) -> None:
        super().__init__(around, company)
        self._meant = meant_refusals(company)

    @classmethod
    def can_be(cls, around: Neighbourhood) -> bool:
        """Whether there is any office here."""
        return bool(around.offices)

    def visit(self, visit: Visit) -> None:
        """Ask row by row."""
        office = random.choice(self.around.offices)
        for _ in range(_ROWS):
            ask(self.around, office, visit, meant=self._meant, rpc=f"{INQUIRE} (a row)", together=True)
