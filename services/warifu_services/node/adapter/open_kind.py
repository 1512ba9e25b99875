"""A kind of agency that no package here describes, whose business system answers for it.

Decides that its items are those for which the permission table names the kind as a provider, and that a record of theirs may be
any message: what is in one is between the two offices, and the node can only see that it is not too large.
"""

from __future__ import annotations

from typing import ClassVar

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message

from warifu.agency import LARGEST_RECORD, Agency, Provided
from warifu.errors import Reason, WarifuError
from warifu.identifiers import ItemCode
from warifu.permissions.table import PermissionTable

__all__ = ["open_kind"]


def open_kind(kind: str, table: PermissionTable) -> Agency:
    """An agency of a kind of the table. Raises: CONFIG_INVALID when the table has no such kind."""
    if kind not in table.kinds:
        where = f"agency kind {kind!r} is not known; kinds of the permission table: {', '.join(table.kinds)}"
        raise WarifuError(Reason.CONFIG_INVALID, where=where)
    provided = {
        grant.item_code: Provided(record_type=Message, certificate="", certificate_ja="")
        for row in table.rows
        for grant in row.grants
        if grant.provider_kind == kind
    }
    made: type[Agency] = type("OpenKindAgency", (_OpenKind,), {"kind": kind, "provides": provided})
    return made()


class _OpenKind(Agency):
    keeps_replicas: ClassVar[bool] = False

    def check_record(self, item_code: ItemCode, record: bytes, where: str = "record") -> Message:
        """Refuse a record that is too large. It is not parsed: what type of message it is of, nobody here knows."""
        self.provided(item_code, where)
        if len(record) > LARGEST_RECORD:
            raise WarifuError(Reason.REQUEST_MALFORMED, where=where, debug=f"{len(record)} bytes")
        return Empty()
