"""Text on its way into a message: what cannot travel is refused by its field."""

from __future__ import annotations

import pytest

from warifu.client.text import sendable, sendable_each
from warifu.errors import Reason, WarifuError


def test_text_that_can_travel_is_left_as_it_is() -> None:
    assert sendable("𠮷野 1", "name") == "𠮷野 1"
    assert sendable_each(("1", "2"), "codes") == ["1", "2"]


@pytest.mark.parametrize("half", ["\ud800", "1\udfff", "\udce3\udc81"])
def test_half_a_character_is_refused_by_its_field_and_position(half: str) -> None:
    with pytest.raises(WarifuError) as caught:
        sendable_each(["1", half], "codes")
    assert (caught.value.reason, caught.value.where) == (Reason.REQUEST_MALFORMED, "codes[1]")
