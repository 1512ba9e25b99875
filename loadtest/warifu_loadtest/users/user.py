"""What every kind of user is: somebody who makes the calls of one arrival."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import ClassVar

from warifu_loadtest.driving.neighbourhood import Neighbourhood
from warifu_loadtest.driving.visit import Visit

__all__ = ["LoadUser"]


class LoadUser(ABC):
    """One kind of user in one process. ``share`` is its part of all arrivals, unless ``--mix`` says otherwise.

    Several of its visits may be under way at a time.
    """

    share: ClassVar[float]
    waits: ClassVar[bool] = True
    """Whether somebody waits for each answer; if not, the times are measured and no threshold is for them."""

    def __init__(self, around: Neighbourhood, company: Collection[str]) -> None:
        """``company`` names the users that there are beside it."""
        self.around = around
        self.company = company

    @classmethod
    @abstractmethod
    def can_be(cls, around: Neighbourhood) -> bool:
        """Whether a process that sees so much of the network can be such a user. Raises: FILE_INVALID."""

    @abstractmethod
    def visit(self, visit: Visit) -> None:
        """Make the calls of one arrival, each through ``visit``."""
