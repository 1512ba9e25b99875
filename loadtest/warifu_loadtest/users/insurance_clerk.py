"""The clerk of a health insurer (健康保険), who asks for household and income."""

from __future__ import annotations

from warifu_loadtest.users.clerk import Clerk

__all__ = ["InsuranceClerk"]


class InsuranceClerk(Clerk):
    """Asks about one insured person."""

    share = 35.0
    kind = "insurance"
