"""The clerk who decides about child allowances (児童手当), and asks for household and income."""

from __future__ import annotations

from warifu_loadtest.users.clerk import Clerk

__all__ = ["ChildcareClerk"]


class ChildcareClerk(Clerk):
    """Asks about one applicant."""

    share = 55.0
    kind = "childcare"
