"""A file of inquiries goes through a whole network and comes back: each row asked once, recorded on all three sides."""

from __future__ import annotations

import json
from typing import Any

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
