"""The resident registry (住民基本台帳): provides resident-record information (住民票関係情報).

Decides what a resident record must look like to be registered. By law it excludes the four basic items: name, address,
date of birth and sex are in no field, and a record with a field of another layout is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import ClassVar

from google.protobuf.message import Message

from warifu.agency import Agency, Provided
from warifu.api.record.v1.resident_record_pb2 import ResidentRecord
from warifu.errors import WarifuError
from warifu.identifiers import ItemCode, MunicipalityCode

__all__ = ["RESIDENT_RECORD", "ResidenceAgency"]

RESIDENT_RECORD = ItemCode("TM99000000000001")
"""Resident-record information. The code is the simulator's own: the real one is not published."""


_LONGEST_TEXT = 200


class ResidenceAgency(Agency):
    """A municipality's resident registry."""

    kind = "residence"
    provides: ClassVar[Mapping[ItemCode, Provided]] = {
        RESIDENT_RECORD: Provided(
            record_type=ResidentRecord,
            certificate="Copy of the resident record",
            certificate_ja="住民票の写し",
        )
    }

    def fault_in(self, message: Message) -> str | None:
        """The first field that no resident record can have."""
        assert isinstance(message, ResidentRecord)  # noqa: S101  # the base class made it of this type
        for field in ("household_number", "relationship_to_head"):
            if not 1 <= len(getattr(message, field)) <= _LONGEST_TEXT:
                return field
        if message.household_size < 1:
            return "household_size"
        if message.household_children > message.household_size:
            return "household_children"
        if not _is_day(message.became_resident_on):
            return "became_resident_on"
        if message.previous_municipality_code and not _is_municipality(message.previous_municipality_code):
            return "previous_municipality_code"
        return None


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_municipality(text: str) -> bool:
    try:
        MunicipalityCode.parse(text)
    except WarifuError:
        return False
    return True
