"""Who uses the network: each kind of user a file, and a line here."""

from __future__ import annotations

from collections.abc import Mapping

from warifu_loadtest.users.auditor import Auditor
from warifu_loadtest.users.batch_officer import BatchOfficer
from warifu_loadtest.users.childcare_clerk import ChildcareClerk
from warifu_loadtest.users.code_officer import CodeOfficer
from warifu_loadtest.users.insurance_clerk import InsuranceClerk
from warifu_loadtest.users.supervisor import Supervisor
from warifu_loadtest.users.user import LoadUser

__all__ = ["USERS", "LoadUser"]


USERS: Mapping[str, type[LoadUser]] = {
    "childcare_clerk": ChildcareClerk,
    "insurance_clerk": InsuranceClerk,
    "batch_officer": BatchOfficer,
    "code_officer": CodeOfficer,
    "auditor": Auditor,
    "supervisor": Supervisor,
}
"""Every kind of user by the name that people type."""
