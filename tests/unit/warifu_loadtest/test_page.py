"""The report's page is well formed, whatever came of the run, and its lines lie inside their picture."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st
from warifu_loadtest.deciding.histogram import Histogram
from warifu_loadtest.deciding.peer import Peer
from warifu_loadtest.deciding.stage import Part, put_together
from warifu_loadtest.deciding.tally import End
from warifu_loadtest.deciding.verdict import Thresholds
from warifu_loadtest.report.charts import Line, bar, chart
from warifu_loadtest.report.page import page
from warifu_loadtest.report.told import Told
from warifu_loadtest.shapes import SHAPES, Asked

SIZES = st.floats(0, 1e9)
POINTS = st.lists(st.tuples(SIZES, SIZES), min_size=1, max_size=20)
ASKED = Asked(
    rate=50.0,
    seconds=60.0,
    step_s=5.0,
    mix={"childcare_clerk": 1.0},
    thresholds=Thresholds(p99_ms=100, failed_share=0.0, achieved_share=0.9),
)
VOID = {"meta", "link", "br"}


@given(st.lists(POINTS, min_size=1, max_size=4), st.booleans(), st.text(max_size=8))
def test_lines_are_well_formed_and_lie_inside_their_picture(
    lines: list[list[tuple[float, float]]], logarithmic: bool, name: str
) -> None:
    drawn = chart([Line(_plain(name), points) for points in lines], across="x", up="y", logarithmic=logarithmic)
    picture = ElementTree.fromstring(drawn)
    _, _, wide, high = (float(number) for number in picture.attrib["viewBox"].split())
    for line in picture.iter("polyline"):
        for point in line.attrib["points"].split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= wide
            assert 0 <= y <= high


@given(st.lists(st.tuples(st.text(max_size=5).map(lambda name: re.sub(r"[^ -~]", "", name)), SIZES), max_size=8))
def test_a_bar_is_well_formed_or_empty(pieces: list[tuple[str, float]]) -> None:
    drawn = bar(pieces, unit="ms")
    assert not drawn or ElementTree.fromstring(drawn).tag == "svg"


def _plain(text: str) -> str:
    """What XML can hold of a text."""
    return re.sub(r"[^\x20-\ud7ff]", "", text)


class _Balanced(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@given(st.sampled_from(sorted(SHAPES)), st.lists(st.integers(0, 10_000_000), max_size=5), st.text(max_size=30))
def test_a_page_is_well_formed_and_shows_what_parties_said_as_text(shape: str, took: list[int], said: str) -> None:
    told = _told(shape, took, f"<script>{said}")
    shown = page(told)
    parser = _Balanced()
    parser.feed(shown)
    assert parser.open == []
    assert "<script" not in shown


def _told(shape_name: str, took: list[int], said: str) -> Told:
    shape, part = SHAPES[shape_name](ASKED), Part(seconds=5.0, due=len(took), ended=len(took))
    for each in took:
        part.tally.add(End("childcare_clerk", "NodeService.Inquire", "HUB_TIMED_OUT", False), each, said)
        part.hop("hub", each)
    stage = shape.next_stage([])
    assert stage is not None
    peer = Peer(rpc="Inquire", ours=Histogram.of(took), theirs=Histogram.of(took), said=said)
    return Told(shape=shape, asked=ASKED, outcomes=[put_together(stage, [part])], facts=[{"host": said}], peer=peer)
