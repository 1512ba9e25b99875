"""The guide's page about the card, with what it shows of others' programs."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.docs.test_documented_commands import BLOCK, ROOT, _commands, _kept_up, _run

pytestmark = [pytest.mark.outside, pytest.mark.slow]  # test_opensc shows the kind of it sooner


def test_what_the_page_about_the_card_shows_of_others_programs_is_what_they_do() -> None:
    page = (ROOT / "docs/guide/card.md").read_text("utf-8").replace("<!-- run outside -->", "<!-- run -->")
    folder = Path(tempfile.mkdtemp(prefix="warifu-"))
    try:
        with ExitStack() as kept_up:
            for block in BLOCK.finditer(page):
                for command in _commands(block["text"]):
                    if block["until"]:
                        kept_up.enter_context(_kept_up(command, block["until"], folder))
                    else:
                        _run(command, int(block["status"] or 0), folder)
    finally:
        shutil.rmtree(folder)
