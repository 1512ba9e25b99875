"""What a recording's file holds, and that a bad one is refused with its line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from warifu.errors import Reason, WarifuError
from warifu_kit.recording import recording_file
from warifu_kit.recording.comparing import Compared, Verdict
from warifu_kit.recording.order import Order, Recorder, end_orders, order_in, write_order
from warifu_kit.recording.recorded import MADE, SERVED, Beginning, RecordedCall
from warifu_kit.recording.recording_file import Recording, add_line, begin_file, read_recording
from warifu_kit.recording.replayed import Replayed, ReplayOutcome, replayable, summary_lines

BEGINNING = Beginning(
    network="sim", party="tax", role="agency", institution_code="1" * 16, version="1.0", began=1_767_225_600.5
)
ASKED = RecordedCall(
    at_ms=20, direction=MADE, rpc="AdapterService.LookUp", caller="agency", status="OK", request=b"\0a", reply=b"b"
)
REFUSED = RecordedCall(
    at_ms=5, direction=SERVED, rpc="AgencyService.Provide", caller="hub", status="INTERNAL", reason="INTERNAL"
)
LISTED = RecordedCall(
    at_ms=30, direction=SERVED, rpc="NodeService.X", caller="", status="OK", is_stream=True, messages=(1, 7)
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tax.jsonl"
    begin_file(path, BEGINNING)
    for each in (ASKED, REFUSED, LISTED):
        add_line(path, each.to_json())
    return path


def test_what_is_written_is_read_in_the_order_in_which_calls_began(file: Path) -> None:
    recording = read_recording(file)
    assert recording.beginning == BEGINNING
    assert list(recording.calls.items()) == [(3, REFUSED), (2, ASKED), (4, LISTED)]
    assert json.loads(file.read_text("utf-8").splitlines()[0])["notice"] == "SIMULATED"
    assert file.stat().st_mode & 0o777 == 0o600


def spoilt(line: int, change: Callable[[str], str]) -> Callable[[list[str]], None]:
    def spoil(lines: list[str]) -> None:
        lines[line - 1] = change(lines[line - 1])

    return spoil


@pytest.mark.parametrize(
    ("spoil", "line", "words"),
    [
        (spoilt(1, lambda _: "{}"), 1, "does not say SIMULATED"),
        (spoilt(1, lambda it: it.replace('"recording": 1', '"recording": 2')), 1, "recording: not 1"),
        (spoilt(1, lambda it: it.replace('"v1"', '"v9"')), 1, "contract: not v1"),
        (spoilt(1, lambda it: it.replace('"sim"', "7")), 1, "network: not text"),
        (spoilt(1, lambda it: it.replace("1767225600.5", "NaN")), 1, "began: not a number"),
        (spoilt(1, lambda it: it.replace("1767225600.5", "9" * 400)), 1, "began: not a number"),
        (spoilt(2, lambda it: it.replace("20", "9" * 400)), 2, "at_ms: not a whole number from 0"),
        (spoilt(2, lambda _: "{"), 2, "not JSON"),
        (spoilt(2, lambda _: "[" * 100_000), 2, "not JSON"),
        (spoilt(2, lambda _: "[]"), 2, "not a JSON object"),
        (spoilt(2, lambda it: it.replace("made", "sent")), 2, "direction: neither served nor made"),
        (spoilt(2, lambda it: it.replace('"AGE="', '"*"')), 2, "request: not base64"),
        (spoilt(3, lambda it: it.replace("5", "-5")), 3, "at_ms: not a whole number from 0"),
        (spoilt(4, lambda it: it.replace("7", "true")), 4, "replies: not a whole number from 0"),
    ],
)
def test_a_bad_line_is_named(file: Path, spoil: Callable[[list[str]], None], line: int, words: str) -> None:
    lines = file.read_text("utf-8").splitlines()
    spoil(lines)
    file.write_text("\n".join(lines) + "\n", "utf-8")
    with pytest.raises(WarifuError) as refused:
        read_recording(file)
    assert refused.value.reason is Reason.FILE_INVALID
    assert refused.value.where.startswith(f"{file}:{line}: ")
    assert words in refused.value.where


def test_a_file_that_is_cut_off_empty_or_no_text_is_refused(file: Path) -> None:
    whole = file.read_bytes()
    for content, words in ((whole[:-9], ":4: the line is cut off"), (b"", ":1: not JSON"), (b"\xff", ": not UTF-8")):
        file.write_bytes(content)
        with pytest.raises(WarifuError) as refused:
            read_recording(file)
        assert (refused.value.reason, words in refused.value.where) == (Reason.FILE_INVALID, True)
    file.unlink()
    with pytest.raises(WarifuError) as refused:
        read_recording(file)
    assert refused.value.reason is Reason.PATH_UNUSABLE


def test_what_is_never_asked_again_is_told_with_why(file: Path) -> None:
    recording = read_recording(file)
    assert replayable(recording) == {2: ASKED}
    with pytest.raises(WarifuError) as refused:
        replayable(Recording(file, BEGINNING, {3: REFUSED}))
    assert "those of AgencyService cannot be asked again: permits expire" in refused.value.where


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        ([Verdict.SAME, Verdict.SKIPPED], 0),
        ([Verdict.SAME, Verdict.DIFFERS], 1),
        ([Verdict.SAME, Verdict.FAILED], 1),
        ([Verdict.SKIPPED], 3),
    ],
)
def test_the_exit_status_is_that_of_the_worst(file: Path, verdicts: list[Verdict], status: int) -> None:
    replayed = tuple(Replayed(2, "AdapterService.LookUp", Compared(each, ("outcome",))) for each in verdicts)
    outcome = ReplayOutcome(recording=read_recording(file), target="here", replayed=replayed, left=2)
    assert outcome.exit_status == status
    *_, last = summary_lines(outcome)
    assert last.startswith("SIMULATED  tax at here: ")


def test_a_party_goes_by_what_its_folder_says_now(tmp_path: Path) -> None:
    recorder, file = Recorder("tax", "agency", tmp_path), tmp_path / "tax.jsonl"
    assert recorder.began_ms() is None
    begin_file(file, BEGINNING)
    write_order(tmp_path, Order(file, 0.0))
    assert order_in(tmp_path) == Order(file, 0.0)
    end_orders(tmp_path.parent, [tmp_path.name])  # as a network does that begins
    assert (order_in(tmp_path), recorder.began_ms()) == (None, None)
    write_order(tmp_path, Order(file, 0.0))
    at_ms = recorder.began_ms()
    assert at_ms
    recorder.note(MADE, "AdapterService.LookUp", at_ms, status="OK", caller="agency")
    assert [each.at_ms for each in read_recording(file).calls.values()] == [at_ms]
    file.unlink()
    recorder.note(MADE, "AdapterService.LookUp", at_ms, status="OK", caller="agency")
    assert (order_in(tmp_path), recorder.began_ms()) == (None, None)
    assert not file.exists()


def test_a_recording_that_nobody_ends_ends_when_its_file_is_full_and_is_read_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recorder, file = Recorder("tax", "agency", tmp_path), tmp_path / "tax.jsonl"
    begin_file(file, BEGINNING)
    write_order(tmp_path, Order(file, 0.0))
    monkeypatch.setattr(recording_file, "MOST_BYTES", 2_000)
    while (at_ms := recorder.began_ms()) is not None:
        recorder.note(MADE, "AdapterService.LookUp", at_ms, status="OK", caller="agency", request=bytes(100))
    assert order_in(tmp_path) is None
    assert 1_500 < file.stat().st_size <= 2_000
    assert read_recording(file).calls
    told = capsys.readouterr()
    assert "its file is full" in told.out + told.err
