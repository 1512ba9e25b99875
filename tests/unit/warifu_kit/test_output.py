"""The edge of output: text of others is shown, never obeyed; lists keep values whole; no terminal ends a command."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from warifu.errors import Reason, WarifuError
from warifu_kit.demo.progress import teller
from warifu_kit.output import Terminal, say, say_error, say_json, say_table, table

KIT = Path(__file__).resolve().parents[3] / "kit" / "warifu_kit"
FOREIGN = ["[b]1001", "K-[a2]77", "[/b]9", "\x1b[31mRED", "plain\nnewline", "表示 番号", ":smile:", "a" * 300]
SHOWN = ["[b]1001", "K-[a2]77", "[/b]9", "\\x1b[31mRED", "plain\\nnewline", "表示 番号", ":smile:", "a" * 300]


def test_a_list_shows_each_value_whole_on_its_line_as_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    shown = table(("about", "[i]since"), title="[/x]\x1b[1m")
    for text in FOREIGN:
        shown.add_row(text, "20260401000000000000")
    say_table(shown)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].strip() == "[/x]\\x1b[1m"
    assert [line.rsplit(maxsplit=1)[0].strip() for line in lines[3:]] == SHOWN
    assert {line.split()[-1] for line in lines[3:]} == {"20260401000000000000"}


def test_lines_and_notes_are_shown_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    say(*FOREIGN)
    assert capsys.readouterr().out.splitlines() == SHOWN
    terminal = Terminal(file=io.StringIO(), width=20)
    with teller(terminal) as telling:
        for text in FOREIGN:
            telling.note(text)
    assert isinstance(terminal.file, io.StringIO)
    assert terminal.file.getvalue().splitlines() == SHOWN


def test_a_phase_and_its_bar_are_shown_as_they_are() -> None:
    terminal = Terminal(file=io.StringIO(), width=200, force_terminal=True, legacy_windows=False)
    with teller(terminal) as telling, telling.phase("[/b]9 \x1b[31mRED", 1) as phase:
        phase.advance()
    assert isinstance(terminal.file, io.StringIO)
    assert "[/b]9" in terminal.file.getvalue()
    assert "\x1b[31mRED" not in terminal.file.getvalue()


def test_json_is_one_line_of_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    say_json({"local_number": FOREIGN})
    (line,) = capsys.readouterr().out.splitlines()
    assert line.isascii()
    assert json.loads(line) == {"local_number": FOREIGN}


@pytest.mark.parametrize("encoding", ["ascii:strict", "cp932:strict", "utf-8:strict"])
def test_output_in_another_encoding_ends_no_command(encoding: str, tmp_path: Path) -> None:
    folder = tmp_path / "ネット é ☃ \udce6"
    ended = subprocess.run(
        [sys.executable, "-m", "warifu_kit.cli", "new", folder],
        env={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "1"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert b"made a SIMULATED network in" in ended.stdout


def test_every_command_shows_what_it_shows_through_this_edge() -> None:
    others = re.compile(r"\btyper\.(?:echo|secho)\(|\bclick\.echo\(|(?<![\w.])print\(|(?<!\w)Console\(")
    found = [
        f"{path.relative_to(KIT)}: {line.strip()}"
        for path in KIT.rglob("*.py")
        if path.name != "output.py"
        for line in path.read_text("utf-8").splitlines()
        if others.search(line)
    ]
    assert found == []


def test_the_command_tells_its_release() -> None:
    words = [sys.executable, "-m", "warifu_kit.cli", "--version"]
    told = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout
    assert told == f"warifu {version('warifu')}\n"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (WarifuError(Reason.CONFIG_INVALID, where="a.yaml:3 members"), "warifu: a.yaml:3 members (CONFIG_INVALID)"),
        (
            WarifuError(Reason.FILE_INVALID, where="a.csv:7", done=6),
            "warifu: a.csv:7 (FILE_INVALID; done before it: 6)",
        ),
        (WarifuError(Reason.PATH_UNUSABLE, where="a: in use"), "warifu: a: in use (PATH_UNUSABLE)"),
        (WarifuError(Reason.FILE_INVALID), f"warifu: {WarifuError(Reason.FILE_INVALID)}"),
        (WarifuError(Reason.OVERLOADED, where="hub"), f"warifu: {WarifuError(Reason.OVERLOADED, where='hub')}"),
    ],
)
def test_what_is_wrong_with_a_file_begins_with_the_file_and_its_line(
    error: WarifuError, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    say_error(error)
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", f"{said}\n")
