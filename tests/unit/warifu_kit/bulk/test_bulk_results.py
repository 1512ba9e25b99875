"""What a file of results says of each row, in the codes and words that tools for real files compare with."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.api.type.v1.inquiry_pb2 import CallFailure
from warifu.errors import Reason
from warifu_kit.bulk.layout import FIELDS, Sheet, read_sheet
from warifu_kit.bulk.result_file import COLUMNS, result_file
from warifu_kit.bulk.told import ASKED_AGAIN, End, Standing, end_of, message_of, standing_of

GOOD = (
    "01,000001468942700,000000014689427,20261128103000000,3595115400          ,,9030110020000001,0,JM01000000121000,"
    "JT01010000000214,,,9020110020000001,TM00000000000002,0,0,,"
)
ROOT = Path(__file__).resolve().parents[4]


def sheet(*rows: str) -> Sheet:
    return read_sheet("\r\n".join(rows or (GOOD,)).encode("cp932"))


def lines(of: Sheet, ends: dict[int, End]) -> list[dict[str, str]]:
    text = result_file(of, ends.get).decode("cp932")
    assert text.count("\r\n") == len(of.rows) + 1
    return list(csv.DictReader(text.splitlines()))


def failed(reason: Reason) -> End:
    return end_of(node_pb2.BulkResult(failure=CallFailure(reason=reason.value)))


def test_three_messages_are_word_for_word_those_that_a_real_tool_takes_for_final() -> None:
    (row,) = sheet().rows
    assert message_of(row, failed(Reason.CODE_NOT_ACQUIRED)) == (
        "指定された団体内統合宛名番号「０００００００１４６８９４２７」は符号が未取得です。"
    )
    assert message_of(row, failed(Reason.EXCHANGE_NOT_PERMITTED)) == (
        "指定された特定個人情報名「ＴＭ０００００００００００００２」の照会は許可されていません。"
    )
    assert message_of(sheet(GOOD, GOOD).rows[1], None) == "「レコード識別番号」が既に存在しています。"


def test_a_record_that_came_is_09_and_01_with_its_fields() -> None:
    record = LocalTaxRecord(fiscal_year=2026, income_levy_yen=61_000, per_capita_levy_yen=5_000)
    result = node_pb2.InquiryResult(
        state=node_pb2.INQUIRY_STATE_ANSWERED,
        processing_number="20261128000000000001",
        record_type="warifu.api.record.v1.LocalTaxRecord",
        record=record.SerializeToString(),
    )
    (line,) = lines(sheet(), {1: end_of(node_pb2.BulkResult(result=result))})
    assert (line["照会ステータス（明細単位）"], line["照会ステータス（特定個人情報名単位）"]) == ("09", "01")
    assert (line["市町村民税均等割額"], line["市町村民税所得割額（定額減税前）"]) == ("5000", "61000")
    assert json.loads(line["特定個人情報（SIMULATED）"])["fiscal_year"] == 2026
    assert (line["処理通番"], line["照会処理結果メッセージ（明細単位）"]) == ("20261128000000000001", "")


def test_a_record_of_a_kind_nobody_here_knows_is_told_in_its_bytes() -> None:
    (line,) = lines(sheet(), {1: End(record_type="somebody.Else", record=b"\x01\xff")})
    assert json.loads(line["特定個人情報（SIMULATED）"]) == {"type": "somebody.Else", "record": "01ff"}


@pytest.mark.parametrize("reason", list(Reason), ids=lambda reason: reason.name)
def test_every_reason_has_words_a_status_and_a_place_in_the_file(reason: Reason) -> None:
    (line,) = lines(sheet(), {1: failed(reason)})
    assert line["理由（SIMULATED）"] == reason.value
    assert line["照会処理結果メッセージ（明細単位）"]
    assert (line["照会ステータス（明細単位）"] == "09") == (reason not in ASKED_AGAIN)
    assert line["照会ステータス（特定個人情報名単位）"] != "01"


def test_what_is_asked_again_is_what_the_catalogue_says_may_be() -> None:
    catalogue = json.loads((ROOT / "docs" / "errors.json").read_text("utf-8"))
    same = {each["reason"] for each in catalogue["reasons"] if each["again"].startswith("the same request")}
    by_a_node = {reason.value for reason in ASKED_AGAIN}
    assert by_a_node <= same
    assert same - by_a_node == {
        "ACQUISITION_LIMITED", "AUTHORITY_ANSWER_INVALID", "AUTHORITY_UNREACHABLE", "JPKI_ANSWER_INVALID", "JPKI_UNREACHABLE",
        "OWN_CERTIFICATE_INVALID", "PEER_NOT_TRUSTED",
    }  # fmt: skip


def test_a_row_that_waits_for_a_clerk_or_of_which_nothing_is_known_has_not_ended() -> None:
    waits = end_of(node_pb2.BulkResult(result=node_pb2.InquiryResult(state=node_pb2.INQUIRY_STATE_PENDING)))
    assert standing_of(waits) is Standing.WAITS
    assert standing_of(None) is Standing.NOT_ENDED
    assert not Standing.WAITS.is_final
    assert not Standing.NOT_ENDED.is_final
    assert standing_of(failed(Reason.RECORD_NOT_HELD)) is Standing.NOT_PROVIDED
    assert standing_of(failed(Reason.RELEASE_REFUSED)) is Standing.REFUSED
    assert End.from_json(failed(Reason.RELEASE_REFUSED).to_json()) == failed(Reason.RELEASE_REFUSED)


def test_bad_rows_keep_their_place_and_say_their_fields() -> None:
    first, second, third = lines(sheet(GOOD.replace("JT", "XX", 1), "x", GOOD), {3: End()})
    assert first["照会処理結果メッセージ（明細単位）"] == "照会できない行です。項目１０"
    assert second["照会処理結果メッセージ（明細単位）"] == "照会できない行です。行の形式"
    assert (first["照会ステータス（明細単位）"], second["番号体系"]) == ("90", "x")
    assert third["照会ステータス（明細単位）"] == "09"
    assert tuple(first) == COLUMNS
    assert COLUMNS[:18] == tuple(field.name for field in FIELDS)
