"""The file of results: the rows of the file of inquiries, in its order, each with its status, its words and what came.

Decides the columns; it is CSV in CP932 with a header, whose names are those that tools for the real file look for. The first
18 columns are the row as it was asked. Pure.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from google.protobuf.descriptor_pool import Default
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

# Read here so that their types are known by name.
from warifu.api.record.v1 import (
    child_allowance_record_pb2,  # noqa: F401
    insurance_qualification_record_pb2,  # noqa: F401
    local_tax_record_pb2,
    resident_record_pb2,  # noqa: F401
)
from warifu_kit.bulk.layout import FIELDS, BadRow, Row, Sheet
from warifu_kit.bulk.told import End, Standing, message_of, standing_of

__all__ = ["COLUMNS", "result_file"]

_ADDED: Final = (
    "照会ステータス（明細単位）",
    "照会ステータス（特定個人情報名単位）",
    "照会処理結果メッセージ（明細単位）",
    "処理通番",
    "理由（SIMULATED）",
    "市町村民税均等割額",
    "市町村民税所得割額（定額減税前）",
    "特定個人情報（SIMULATED）",
)
COLUMNS: Final = tuple(field.name for field in FIELDS) + _ADDED
"""The header."""

_LOCAL_TAX: Final = local_tax_record_pb2.LocalTaxRecord.DESCRIPTOR.full_name


def result_file(sheet: Sheet, end_at: Callable[[int], End | None]) -> bytes:
    """The whole file; ``end_at`` says what is known of the row at a line."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(_lines(sheet, end_at))
    return text.getvalue().encode("cp932", errors="backslashreplace")


def _lines(sheet: Sheet, end_at: Callable[[int], End | None]) -> Iterator[list[str]]:
    for row in sheet.rows:
        end = None if isinstance(row, BadRow) else end_at(row.line)
        yield _asked(row) + _told(row, end)


def _asked(row: Row | BadRow) -> list[str]:
    cells = list(row.cells[: len(FIELDS)])
    return cells + [""] * (len(FIELDS) - len(cells))


def _told(row: Row | BadRow, end: End | None) -> list[str]:
    standing = Standing.NOT_ASKED if isinstance(row, BadRow) else standing_of(end)
    known = end or End()
    record = _read(known) if standing is Standing.PROVIDED else {}
    tax = record if known.record_type == _LOCAL_TAX else {}
    return [
        *standing.value,
        message_of(row, end),
        known.processing_number,
        known.reason,
        str(tax.get("per_capita_levy_yen", "")),
        str(tax.get("income_levy_yen", "")),
        json.dumps(record, ensure_ascii=False) if record else "",
    ]


def _read(end: End) -> dict[str, Any]:
    """The record by its fields' names; of a type that is not known here, its bytes in hexadecimal."""
    try:
        kind = GetMessageClass(Default().FindMessageTypeByName(end.record_type))
        told: dict[str, Any] = MessageToDict(
            kind.FromString(end.record), preserving_proto_field_name=True, always_print_fields_with_no_presence=True
        )
    except (KeyError, DecodeError):
        return {"type": end.record_type, "record": end.record.hex()}
    return told
