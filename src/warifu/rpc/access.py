"""Who may call which RPC, as a table.

Decides whether a table of access fits what a server serves: every RPC must have a row and every row an RPC, or the
server does not start. So a new RPC is closed until somebody says whose it is, and a misspelt row is found at once.
Health checks are for everybody on the network. What the RPCs do is none of its business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from warifu.errors import Reason, WarifuError
from warifu.pki.identity import Role

__all__ = ["EVERY_ROLE", "HEALTH_METHODS", "AccessTable", "complete_table"]

AccessTable: TypeAlias = Mapping[str, frozenset[Role]]

EVERY_ROLE = frozenset(Role)
HEALTH_METHODS = frozenset(
    {"/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/List", "/grpc.health.v1.Health/Watch"}
)


def complete_table(table: AccessTable, served: Iterable[str]) -> dict[str, frozenset[Role]]:
    """``table`` with the health checks added, for the RPCs in ``served`` (full names, ``/package.Service/Method``).

    Raises: CONFIG_INVALID, naming every RPC that has no row and every row that has no RPC.
    """
    full = {**dict.fromkeys(HEALTH_METHODS, EVERY_ROLE), **table}
    methods = frozenset(served)
    faults = [f"{method}: served, but not in the access table" for method in sorted(methods - full.keys())]
    faults += [f"{method}: in the access table, but not served" for method in sorted(table.keys() - methods)]
    if faults:
        raise WarifuError(Reason.CONFIG_INVALID, where="; ".join(faults))
    return {method: full[method] for method in methods}
