from __future__ import annotations

import asyncio
import io
import json
import logging as stdlib_logging
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from warifu.errors import Reason, WarifuError
from warifu.rpc import logging

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    stream, handlers = io.StringIO(), stdlib_logging.getLogger().handlers
    logging.configure("info", stream)
    yield stream
    logging.configure("warning")
    stdlib_logging.getLogger().handlers = handlers


@pytest.fixture
def lines(stream: io.StringIO) -> Lines:
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object_with_its_party_event_and_fields(lines: Lines) -> None:
    logging.get_logger("hub/9000000000000000").info("call_answered", ms=1.5, caller="9010000000000001")
    (line,) = lines()
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "info",
        "event": "call_answered",
        "party": "hub/9000000000000000",
        "caller": "9010000000000001",
        "ms": 1.5,
    }


def test_what_is_not_a_plain_value_is_told_by_its_type_only(lines: Lines) -> None:
    payload: dict[str, Any] = {"message": b"SECRET", "record": {"name": "SECRET"}, "list": ["SECRET"]}
    logging.get_logger("p").info("event", error=WarifuError(Reason.INTERNAL, debug="SECRET"), **payload)
    (line,) = lines()
    assert "SECRET" not in json.dumps(line)
    assert (line["message"], line["record"], line["error"]) == ("<bytes>", "<dict>", "<WarifuError>")


def test_text_is_written_as_it_is_so_that_a_search_finds_it(stream: io.StringIO) -> None:
    logging.get_logger("p").info("event", where="世帯")
    assert "世帯" in stream.getvalue()


def test_a_line_break_in_a_value_does_not_make_a_second_line(lines: Lines) -> None:
    logging.get_logger("p").info("event", where='x\n{"event": "forged"}')
    assert [line["event"] for line in lines()] == ["event"]


def test_lines_below_the_level_are_not_written(lines: Lines) -> None:
    logging.get_logger("p").debug("quiet")
    logging.get_logger("p").warning("loud")
    assert [line["event"] for line in lines()] == ["loud"]


async def test_bound_fields_stay_within_their_task(lines: Lines) -> None:
    async def call(name: str) -> None:
        logging.bind(request_id=name)
        await asyncio.sleep(0)
        logging.get_logger("p").info("event", name=name)

    await asyncio.gather(asyncio.create_task(call("a")), asyncio.create_task(call("b")))
    logging.get_logger("p").info("after")
    assert [line.get("request_id") for line in lines()] == ["a", "b", None]
    assert all(line["name"] == line["request_id"] for line in lines()[:2])


def test_other_libraries_are_heard_without_their_text(lines: Lines) -> None:
    library = stdlib_logging.getLogger("some.library")
    try:
        raise ValueError("SECRET")
    except ValueError:
        library.exception("failed on %s", "SECRET")
    library.warning("SECRET")
    library.info("SECRET")
    first, second = lines()
    assert (first["event"], first["party"], first["error"], first["severity"]) == (
        "library",
        "some.library",
        "ValueError",
        "error",
    )
    assert "test_rpc_logging.py" in first["at"]
    assert second["severity"] == "warning"
    assert "SECRET" not in json.dumps([first, second])


def test_where_an_error_was_raised_is_told_without_its_text() -> None:
    def inner() -> None:
        raise ValueError("SECRET")

    with pytest.raises(ValueError, match="SECRET") as raised:
        inner()
    told = logging.raised_at(raised.value)
    assert told.startswith("test_rpc_logging.py:")
    assert "inner" in told
    assert "SECRET" not in told


def test_an_errors_fields_leave_out_what_is_empty() -> None:
    assert logging.error_fields(WarifuError(Reason.INTERNAL)) == {"reason": "INTERNAL"}
    full = WarifuError(Reason.FILE_INVALID, where="a.csv:3", debug="short row")
    assert logging.error_fields(full) == {"reason": "FILE_INVALID", "where": "a.csv:3", "debug": "short row"}


def test_a_log_whose_reader_is_gone_stops_nothing(stream: io.StringIO) -> None:
    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    logging.configure("info", cast(Any, Gone()))
    logging.get_logger("p").info("event")
