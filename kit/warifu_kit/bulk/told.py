"""How a row ended, in the codes and words that a file of results has.

Decides which ends are final and which are asked for again, and what is said of each. Three messages are word for word those
that a real tool compares with; the codes 09 and 01 are real; everything else is made up here and says so in
``docs/guide/bulk.md``. Pure; it knows no file.
"""

from __future__ import annotations

import base64
import enum
from dataclasses import dataclass, field
from typing import Any, Final, Self

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.errors import Reason
from warifu_kit.bulk.layout import BadRow, Row

__all__ = ["ASKED_AGAIN", "End", "Standing", "end_of", "message_of", "standing_of"]

ASKED_AGAIN: Final = frozenset(
    {
        Reason.ADAPTER_ANSWER_INVALID,
        Reason.ADAPTER_TIMED_OUT,
        Reason.ADAPTER_UNREACHABLE,
        Reason.ASKED_BEFORE,
        Reason.CODE_NOT_ACQUIRED,
        Reason.DEADLINE_TOO_SHORT,
        Reason.HUB_ANSWER_INVALID,
        Reason.HUB_TIMED_OUT,
        Reason.HUB_UNREACHABLE,
        Reason.INTERNAL,
        Reason.LOG_BEHIND,
        Reason.LOG_UNAVAILABLE,
        Reason.NODE_TIMED_OUT,
        Reason.NODE_UNREACHABLE,
        Reason.NOT_CONNECTED,
        Reason.OVERLOADED,
        Reason.PROVIDER_ANSWER_INVALID,
        Reason.PROVIDER_FAILED,
        Reason.PROVIDER_TIMED_OUT,
        Reason.PROVIDER_UNREACHABLE,
        Reason.RECORDS_BEHIND,
        Reason.STORE_UNAVAILABLE,
    }
)
"""Reasons after which the same request, under the same request_id, is asked again by the next run."""


class Standing(enum.Enum):
    """Where a row stands: its status (照会ステータス) as a whole, and that of the item (特定個人情報名単位)."""

    PROVIDED = "09", "01"
    """A record came. Both codes are real."""
    NOT_PROVIDED = "09", "02"
    """It has ended without a record: there is none, or none that may be provided."""
    REFUSED = "09", "03"
    """It has ended, refused."""
    WAITS = "02", ""
    """A clerk of the provider decides; the next run asks again."""
    NOT_ENDED = "03", ""
    """What came of it is not known, or nothing could be asked; the next run asks again."""
    NOT_ASKED = "90", ""
    """The row cannot be asked."""

    @property
    def is_final(self) -> bool:
        """Whether the next run leaves it alone."""
        return self not in (Standing.WAITS, Standing.NOT_ENDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """What came of one row: the reason, empty where a record came or a clerk is waited for; the record, where one came."""

    reason: str = ""
    waits: bool = False
    processing_number: str = ""
    record_type: str = ""
    record: bytes = field(default=b"", repr=False)

    def to_json(self) -> dict[str, Any]:
        """For the journal."""
        return {
            "reason": self.reason,
            "processing_number": self.processing_number,
            "record_type": self.record_type,
            "record": base64.b64encode(self.record).decode("ascii"),
        }

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        """From the journal. Raises: KeyError, TypeError or ValueError."""
        return cls(
            reason=str(told["reason"]),
            processing_number=str(told["processing_number"]),
            record_type=str(told["record_type"]),
            record=base64.b64decode(told["record"], validate=True),
        )


def end_of(result: node_pb2.BulkResult) -> End:
    """The end that the node tells."""
    if result.WhichOneof("end") == "failure":
        return End(reason=result.failure.reason)
    found = result.result
    if found.state != node_pb2.INQUIRY_STATE_ANSWERED:
        return End(waits=True, processing_number=found.processing_number)
    return End(processing_number=found.processing_number, record_type=found.record_type, record=found.record)


_ABSENT: Final = {Reason.RECORD_NOT_HELD.value, Reason.RECORD_NOT_PUBLISHED.value}
_ASKED_AGAIN: Final = {reason.value for reason in ASKED_AGAIN}


def standing_of(end: End | None) -> Standing:
    """Where a row stands; None: nothing is known of it."""
    if end is None or end.reason in _ASKED_AGAIN:
        return Standing.NOT_ENDED
    if end.waits:
        return Standing.WAITS
    if not end.reason:
        return Standing.PROVIDED
    return Standing.NOT_PROVIDED if end.reason in _ABSENT else Standing.REFUSED


_WORDS: Final = {
    Reason.RECORD_NOT_HELD.value: "該当する特定個人情報は登録されていません。",
    Reason.RECORD_NOT_PUBLISHED.value: "該当する特定個人情報は公開期間外です。",
    Reason.RELEASE_REFUSED.value: "情報提供者が提供を認めませんでした。",
    Reason.ASSESSMENT_NOT_IN_FORCE.value: "特定個人情報保護評価が有効ではありません。",
    Reason.INSTITUTION_UNKNOWN.value: "指定された情報提供者機関コードは存在しません。",
    Reason.PROVIDER_UNREACHABLE.value: "情報提供者に接続できません。再度照会してください。",
}


def message_of(row: Row | BadRow, end: End | None) -> str:
    """What is said of the row; empty where a record came. Letters and digits in quotes are full-width, as real ones are."""
    if isinstance(row, BadRow):
        return _not_asked(row)
    if end is None:
        return "照会が終了していません。再度照会してください。"
    if end.waits:
        return "情報提供者の確認待ちです。再度照会してください。"
    if end.reason == Reason.CODE_NOT_ACQUIRED.value:
        number = row.cells[2].strip(" ") or row.cells[1].strip(" ")
        return f"指定された団体内統合宛名番号「{_full_width(number)}」は符号が未取得です。"
    if end.reason == Reason.EXCHANGE_NOT_PERMITTED.value:
        return f"指定された特定個人情報名「{_full_width(row.item_code)}」の照会は許可されていません。"
    again = "再度照会してください。" if end.reason in _ASKED_AGAIN else ""
    return _WORDS.get(end.reason) or (f"照会が正常に終了しませんでした（{end.reason}）。{again}" if end.reason else "")


def _not_asked(row: BadRow) -> str:
    if row.repeats:
        return "「レコード識別番号」が既に存在しています。"
    return "照会できない行です。" + "、".join(_fault_words(fault.field) for fault in row.faults)


def _fault_words(number: int) -> str:
    return f"項目{_full_width(str(number))}" if number else "行の形式"


def _full_width(text: str) -> str:
    """ASCII letters, digits and signs as their full-width forms, all of which CP932 has."""
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)
