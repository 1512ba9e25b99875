"""A file of inquiries goes through a whole network and comes back: each row asked once, recorded on all three sides."""

from __future__ import annotations

import json
from typing import Any

from warifu.api.node.v1 import node_service_pb2 as node_pb2

TAX = "TM00000000000002"
STATUS, ITEM_STATUS, WORDS, NUMBER, REASON = 18, 19, 20, 21, 22


async def test_a_file_of_ten_rows_comes_back_and_every_row_is_an_exchange_like_any_other(
    batch: Any, outside: Any
) -> None:
    batch.write(batch.rows(10))
    ended = batch.run("--json")
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert (told["rows"], told["not_ended"], told["waits"], told["not_asked"]) == (10, 0, 0, 0)
    assert await outside.permitted(batch.request_ids()) == dict.fromkeys(batch.request_ids(), 1)
    header, *results = batch.results()
    assert len(results) == 10
    assert {len(line) for line in results} == {len(header)}
    assert [",".join(line[:18]) for line in results] == batch.rows(10), "in the file's order"
    provided = [line for line in results if line[ITEM_STATUS] == "01"]
    assert provided
    assert all(line[STATUS] == "09" and len(line[NUMBER]) == 20 and not line[WORDS] for line in provided)


async def test_tools_for_the_real_file_find_the_tax_under_the_names_they_look_for(batch: Any) -> None:
    case = batch.cases()[0]
    batch.write([batch.row(case, case.tax_office, TAX)])
    assert batch.run().returncode == 0
    header, line = batch.results()
    told = dict(zip(header, line, strict=True))
    assert told["照会ステータス（明細単位）"] == "09"
    assert told["照会ステータス（特定個人情報名単位）"] == "01"
    assert header.index("情報提供者機関コード") == 12
    assert int(told["市町村民税均等割額"]) >= 0
    assert int(told["市町村民税所得割額（定額減税前）"]) >= 0


async def test_what_the_law_forbids_and_whom_no_code_is_held_for_fail_alone_in_the_words_of_real_files(
    batch: Any, outside: Any
) -> None:
    case = batch.cases()[0]
    good, unknown, forbidden = (
        batch.row(case, case.tax_office, TAX),
        batch.row(case, case.tax_office, TAX, f2="000000014689427", f3=""),
        batch.row(case, case.tax_office, TAX, f10="JT99000000000004"),
    )
    batch.write([unknown, good, forbidden, good, batch.row(case, case.tax_office, TAX, f14="")])
    ended = batch.run("--json")
    assert ended.returncode == 1
    told = json.loads(ended.stdout)
    assert told["reasons"] == {"CODE_NOT_ACQUIRED": 1, "EXCHANGE_NOT_PERMITTED": 1}
    assert ended.stderr.splitlines()[:2] == [
        f"{batch.file}:4 asks what line 2 asks",
        f"{batch.file}:5 field 14 特定個人情報名コード is empty",
    ]
    _, *results = batch.results()
    assert [(line[STATUS], line[ITEM_STATUS], line[REASON]) for line in results] == [
        ("03", "", "CODE_NOT_ACQUIRED"),
        ("09", "01", ""),
        ("09", "03", "EXCHANGE_NOT_PERMITTED"),
        ("90", "", ""),
        ("90", "", ""),
    ]
    not_acquired = "指定された団体内統合宛名番号「０００００００１４６８９４２７」は符号が未取得です。"
    assert results[0][WORDS] == not_acquired
    assert "「ＴＭ０００００００００００００２」の照会は許可されていません" in results[2][WORDS]
    permitted = await outside.permitted(batch.request_ids())
    assert list(permitted.values()) == [0, 1, 0], (
        "nothing leaves for whom no code is held, and nothing is permitted that is not"
    )


async def test_a_row_that_waits_for_a_clerk_is_asked_again_by_the_same_command(
    batch: Any, town: Any, offices: Any
) -> None:
    case = batch.cases()[0]
    tax = offices.nodes[case.tax_office]
    local_number = town.plan.agencies[case.tax_office].people[case.resident.resident_number].local_number
    await tax.set_flags(node_pb2.SetFlagsRequest(local_number=local_number, auto_response_disabled=True))
    batch.write([batch.row(case, case.tax_office, TAX, 1950), *batch.rows(1)])
    ended = batch.run("--json")
    assert (ended.returncode, json.loads(ended.stdout)["waits"]) == (1, 1)
    number = batch.results()[1][NUMBER]
    await tax.decide_provision(number, node_pb2.CLERK_DECISION_REFUSE)
    await tax.set_flags(node_pb2.SetFlagsRequest(local_number=local_number))
    again = batch.run()
    assert again.returncode == 0, again.stderr
    assert "going on: 1 of 2 rows have ended" in again.stdout
    assert batch.results()[1][STATUS : NUMBER + 2] == [
        "09",
        "03",
        "情報提供者が提供を認めませんでした。",
        "",
        "RELEASE_REFUSED",
    ]


def test_a_file_that_is_none_asks_nothing_and_names_the_line(batch: Any) -> None:
    batch.file.write_bytes(b"\xef\xbb\xbf" + batch.rows(1)[0].encode())
    ended = batch.run()
    assert ended.returncode == 1
    assert f"{batch.file}:1 is UTF-8, as is all of the file: the layout is CP932 (FILE_INVALID" in ended.stderr
    assert not batch.out.exists()


def test_a_file_of_nobody_in_the_network_asks_nothing(batch: Any) -> None:
    batch.write([row.replace(row.split(",")[6], "1" * 16) for row in batch.rows(2)])
    ended = batch.run()
    assert ended.returncode == 1
    assert "INSTITUTION_UNKNOWN" in ended.stderr
