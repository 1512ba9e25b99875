"""Text of others in a line: nothing in it does anything, and a suggested command has exactly the words it names."""

from __future__ import annotations

import json
import subprocess
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.printable import is_printable, json_escaped, printable, shell_command

ANY = st.text(st.characters())  # surrogates too


@given(ANY)
def test_what_is_shown_is_one_line_without_a_control_and_can_be_encoded(text: str) -> None:
    shown = printable(text)
    assert not [char for char in shown if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}]
    assert len(shown.encode("utf-8").decode("utf-8").splitlines()) <= 1


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_letters_signs_and_wide_characters_stay_as_they_are(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mRED", "\\x1b[31mRED"),
        ("plain\nnewline", "plain\\nnewline"),
        ("\x9b2J", "\\x9b2J"),
        ("abc\u202edef", "abc\\u202edef"),
        ("表示 番号 [b]1001 :smile:", "表示 番号 [b]1001 :smile:"),
        ("\udce6", "\\udce6"),
    ],
)
def test_a_control_is_shown_as_its_escape(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.dictionaries(ANY, ANY))
def test_json_says_the_same_with_its_own_escapes(told: dict[str, str]) -> None:
    document = json_escaped(json.dumps(told, ensure_ascii=False))
    assert json.loads(document) == told
    assert printable(document) == document


@pytest.mark.parametrize(
    "words",
    [
        ("net",),
        ("runs/a b[/x]", "$HOME", "it's", "*", "a;b", ""),
        ("line\nbreak", "\x1b[31m'red'\\", "日本", "日\x9b本", "\udce6\udc97"),
    ],
)
def test_a_suggested_command_pasted_into_a_shell_has_exactly_its_words(words: tuple[str, ...]) -> None:
    line = shell_command("printf", r"%s\0", *words)
    assert printable(line) == line
    printed = subprocess.run(["bash", "-c", line], capture_output=True, check=True).stdout
    assert printed.decode("utf-8", "surrogateescape").split("\0")[:-1] == list(words)


@pytest.mark.parametrize("text", ["Insurer (SIMULATED)", "高松市　税務課", "\ue000外字", "e\u0301", "x" * 20])
def test_a_name_is_of_characters_that_are_seen(text: str) -> None:
    assert is_printable(text, 20)


@pytest.mark.parametrize(
    "text", ["", " ", " x", "x\u3000", "x" * 21, "a\nb", "\x1b[2J", "\u202exat", "a\u200bb", "a\u2028b", "\ud800"]
)
def test_a_name_is_of_nothing_else(text: str) -> None:
    assert not is_printable(text, 20)
