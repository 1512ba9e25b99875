"""Lists page by page: what a page holds, what a token is good for, and what a list costs others, counted in rows."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.errors import Reason, WarifuError
from warifu.rpc.paging import (
    LARGEST_PAGE,
    LEAST_REST_S,
    LONGEST_TOKEN,
    OTHERS_SHARE,
    PAGE_BYTES,
    PAGE_SIZE,
    ROWS_IN_A_TURN,
    Page,
    PagedList,
    Turns,
    row_number,
)

OWN = ("ListThings", "9020110020000001")


class Rows:
    """Rows with keys 10, 20, 30 and so on, each one its size in bytes; counts what is read in which turn of the loop."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self.keyed = [(10 * (place + 1), size) for place, size in enumerate(sizes)]
        self.turn = 0
        self.read: dict[int, int] = {}

    def __call__(self, after: int, count: int) -> list[tuple[int, int]]:
        assert self.turn not in self.read, "two reads in one turn"
        rows = self.after(after, count)
        self.read[self.turn] = len(rows)
        return rows

    def after(self, after: int, count: int) -> list[tuple[int, int]]:
        """The rows, with nothing counted."""
        return [each for each in self.keyed if each[0] > after][:count]

    async def count_turns(self) -> None:
        while True:
            self.turn += 1
            await asyncio.sleep(0)


def item_of(size: int) -> bytes | None:
    """An item of that size; a row of size 0 is not listed."""
    return bytes(size) if size else None


def list_of(rows: Any, scope: tuple[str, ...] = OWN) -> PagedList[int, int, bytes]:
    return PagedList(scope=scope, first=0, parse_key=row_number, rows=rows, item=item_of)


async def pages_of(rows: Rows, page_size: int = 0, turns: Turns | None = None) -> list[Page[int, bytes]]:
    """Every page of a list, each asked for with the token of the one before it."""
    listed, turns, token = list_of(rows), turns or Turns(), ""
    counting = asyncio.create_task(rows.count_turns()) if not rows.turn else None
    pages: list[Page[int, bytes]] = []
    while not pages or token:
        pages.append(await listed.page(turns, page_size, token))
        token = pages[-1].next_page_token
    if counting:
        counting.cancel()
    return pages


def sizes_in(pages: Sequence[Page[int, bytes]]) -> list[int]:
    return [len(item) for page in pages for item in page.items]


@given(
    sizes=st.lists(st.sampled_from([0, 1, 2, 3, PAGE_BYTES // 3, PAGE_BYTES, PAGE_BYTES + 1]), max_size=120),
    page_size=st.integers(0, 60),
)
def test_the_pages_of_a_list_are_the_list_whatever_their_size(sizes: list[int], page_size: int) -> None:
    rows = Rows(sizes)
    pages = asyncio.run(pages_of(rows, page_size))
    assert sizes_in(pages) == [size for size in sizes if size]
    assert all(len(page.items) <= (page_size or PAGE_SIZE) for page in pages)
    assert all(len(page.items) == 1 or sum(map(len, page.items)) <= PAGE_BYTES for page in pages)
    assert all(page.next_page_token for page in pages[:-1])
    assert all(len(page.next_page_token) <= LONGEST_TOKEN for page in pages)
    assert max(rows.read.values(), default=0) <= ROWS_IN_A_TURN + 1


@pytest.mark.parametrize(
    ("page_size", "held"), [(0, PAGE_SIZE), (1, 1), (LARGEST_PAGE + 1, LARGEST_PAGE), (2**32 - 1, LARGEST_PAGE)]
)
async def test_the_caller_says_how_much_a_page_holds_up_to_a_limit(page_size: int, held: int) -> None:
    page = await list_of(Rows([1] * 2 * LARGEST_PAGE).after).page(Turns(), page_size, "")
    assert len(page.items) == held


async def test_a_page_is_the_last_when_nothing_is_after_it() -> None:
    for count in (0, 1, ROWS_IN_A_TURN, 2 * ROWS_IN_A_TURN):
        rows = Rows([1] * count)
        assert [len(page.items) for page in await pages_of(rows, max(count, 1))] == [count]


async def test_of_many_lists_at_once_no_two_are_read_in_one_turn_and_none_reads_more_than_its_rows() -> None:
    rows, turns = Rows([1] * 200), Turns()
    counting = asyncio.create_task(rows.count_turns())
    await asyncio.sleep(0)
    listed = await asyncio.gather(*(pages_of(rows, 0, turns) for _ in range(10)))
    counting.cancel()
    assert [sizes_in(pages) for pages in listed] == [[1] * 200] * 10
    assert len(rows.read) == 10 * 200 // ROWS_IN_A_TURN
    assert max(rows.read.values()) == ROWS_IN_A_TURN + 1


async def test_a_reader_that_stops_reading_has_one_page_held_for_it() -> None:
    rows = Rows([1] * 1000)
    counting = asyncio.create_task(rows.count_turns())
    pages = list_of(rows).pages(Turns(), 100, "")
    assert len((await anext(pages)).items) == 100
    for _ in range(50):
        await asyncio.sleep(0)
    assert sum(rows.read.values()) == 100 + 100 // ROWS_IN_A_TURN
    await pages.aclose()
    counting.cancel()


@pytest.mark.parametrize(("took", "rest"), [(0.5, 0.5 * OTHERS_SHARE), (0.0, LEAST_REST_S)])
async def test_between_two_turns_others_have_their_share_of_the_loop(took: float, rest: float) -> None:
    clock, pauses = [0.0], list[float]()

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        clock[0] += seconds

    def work() -> None:
        clock[0] += took

    turns = Turns(pause=pause, now=lambda: clock[0], used=lambda: clock[0])
    for _ in range(3):
        await turns.take(work)
    clock[0] += 100
    await turns.take(work)
    assert pauses == pytest.approx([0, rest, rest, 0])


async def test_a_list_that_cannot_be_read_keeps_no_other_from_its_turn() -> None:
    def broken() -> None:
        raise WarifuError(Reason.STORE_UNAVAILABLE)

    turns = Turns()
    with pytest.raises(WarifuError):
        await turns.take(broken)
    assert await turns.take(lambda: 1) == 1


async def test_a_stream_of_pages_goes_on_from_any_of_its_tokens() -> None:
    listed = list_of(Rows([1, 2, 3, 4, 5, 6, 7]).after)
    pages = [page async for page in listed.pages(Turns(), 2, "")]
    for place, page in enumerate(pages[:-1]):
        rest = [later async for later in listed.pages(Turns(), 2, page.next_page_token)]
        assert rest == pages[place + 1 :]


async def token_of(scope: tuple[str, ...] = OWN) -> str:
    return (await list_of(Rows([1, 1, 1]).after, scope).page(Turns(), 1, "")).next_page_token


@pytest.mark.parametrize(
    "scope", [("ListOthers", OWN[1]), (OWN[0], "9030110020000001"), (OWN[0],), (*OWN, "0"), (OWN[0] + OWN[1],)]
)
async def test_a_token_of_another_list_is_refused(scope: tuple[str, ...]) -> None:
    foreign = await token_of(scope)
    with pytest.raises(WarifuError) as refused:
        list_of(Rows([1])).start(foreign)
    assert (refused.value.reason, refused.value.where) == (Reason.REQUEST_MALFORMED, "page_token")


async def test_a_token_outlives_the_process_that_made_it() -> None:
    assert await token_of() == "DR7uFBY4edQxMA"


@given(st.text(max_size=LONGEST_TOKEN + 2))
def test_any_text_that_is_no_token_is_refused_by_name(text: str) -> None:
    if not text:
        assert list_of(Rows([])).start(text) == 0
        return
    with pytest.raises(WarifuError) as refused:
        list_of(Rows([])).start(text)
    assert (refused.value.reason, refused.value.where) == (Reason.REQUEST_MALFORMED, "page_token")


@given(place=st.integers(0, 13), other=st.characters(max_codepoint=0x7F))
def test_a_token_with_one_character_changed_is_refused(place: int, other: str) -> None:
    token = asyncio.run(token_of())
    changed = token[:place] + other + token[place + 1 :]
    if changed == token:
        return
    with pytest.raises(WarifuError):
        list_of(Rows([])).start(changed)


@pytest.mark.parametrize("text", ["", "-1", "+1", " 1", "1_0", "١", "1" * 19, "x"])
def test_a_key_that_is_no_row_number_is_none(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # it says nothing: whoever asked knows where
        row_number(text)
