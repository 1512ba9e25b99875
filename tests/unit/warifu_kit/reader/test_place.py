"""Where a reader may be, and what its door understands."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from warifu.errors import Reason, WarifuError
from warifu_kit.reader.door import Asked, asked, knock, refusal
from warifu_kit.reader.place import ReaderPlace


def test_the_place_of_a_user_is_a_folder_of_hers_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    place = ReaderPlace.of(None)
    assert place.socket == tmp_path / "warifu-card" / "reader"
    assert stat.S_IMODE(place.socket.parent.stat().st_mode) == 0o700
    assert ReaderPlace.of(None) == place
    place.socket.parent.chmod(0o750)
    with pytest.raises(WarifuError, match="yours alone"):
        ReaderPlace.of(None)


def test_a_folder_that_leads_elsewhere_is_no_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "warifu-card").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(WarifuError, match="yours alone"):
        ReaderPlace.of(None)


def test_a_path_is_as_long_as_the_system_lets_a_socket_have() -> None:
    assert ReaderPlace.of(Path("/" + "x" * 100)).door.name.endswith(".door")
    with pytest.raises(WarifuError, match="at most 102 bytes") as refused:
        ReaderPlace.of(Path("/" + "x" * 102))
    assert refused.value.reason is Reason.PATH_UNUSABLE


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"7",
        b'{"act": "sign"}',
        b'{"act": "insert"}',
        b'{"act": "remove", "card": "x"}',
        b"\xff",
    ],
)
def test_a_line_that_says_nothing_is_understood_as_nothing(line: bytes) -> None:
    assert asked(line) is None


def test_a_line_says_what_is_wanted() -> None:
    assert asked(b'{"act": "insert", "card": "/c"}') == Asked("insert", Path("/c"))
    assert asked(b'{"act": "remove", "card": null}') == Asked("remove")
    assert b"CONFIG_INVALID" in refusal(WarifuError(Reason.CONFIG_INVALID, where="x"))


def test_where_no_reader_is_nobody_answers(tmp_path: Path) -> None:
    assert knock(ReaderPlace(tmp_path / "reader"), Asked("status")) is None
