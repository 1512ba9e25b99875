"""What is known of a run survives whatever ends it, and belongs to one file, one agency and one run at a time."""

from __future__ import annotations

import resource
import stat
from pathlib import Path

import pytest

from warifu.errors import Reason, WarifuError
from warifu_kit.bulk.journal import JOURNAL_FILE, Journal
from warifu_kit.bulk.told import End

ABOUT = {"file_sha256": "ab" * 32, "network": "sim-1", "inquirer": "childcare"}
ENDS = {
    3: End(processing_number="20261128000000000001", record_type="t", record=b"\0\xff"),
    1: End(reason="RECORD_NOT_HELD"),
}


def test_what_was_added_is_there_when_the_run_goes_on_under_the_same_key(tmp_path: Path) -> None:
    with Journal(tmp_path / "out", ABOUT) as begun:
        begun.add(ENDS)
        begun.add({})
        key = begun.key
    with Journal(tmp_path / "out", ABOUT) as again:
        assert (again.key, again.ends) == (key, ENDS)
        again.add({7: End()})
    with Journal(tmp_path / "out", ABOUT) as once_more:
        assert once_more.ends == {**ENDS, 7: End()}
    assert stat.S_IMODE((tmp_path / "out" / JOURNAL_FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("cut", [1, 20, 70])
def test_a_line_that_was_cut_off_is_as_if_it_had_not_been_written(tmp_path: Path, cut: int) -> None:
    with Journal(tmp_path, ABOUT) as begun:
        begun.add(ENDS)
    path = tmp_path / JOURNAL_FILE
    path.write_bytes(path.read_bytes()[:-cut])
    with Journal(tmp_path, ABOUT) as again:
        assert again.ends == {3: ENDS[3]}
        again.add({1: ENDS[1]})
    with Journal(tmp_path, ABOUT) as whole:
        assert whole.ends == ENDS


def test_a_second_run_in_the_same_folder_is_refused_while_the_first_is_under_way(tmp_path: Path) -> None:
    with Journal(tmp_path, ABOUT), pytest.raises(WarifuError) as refused:
        Journal(tmp_path, ABOUT)
    assert (refused.value.reason, refused.value.where) == (Reason.PATH_UNUSABLE, f"{tmp_path}: another run works here")
    Journal(tmp_path, ABOUT).__exit__(None, None, None)


@pytest.mark.parametrize("name", list(ABOUT))
def test_a_folder_of_another_file_network_or_agency_is_left_alone(tmp_path: Path, name: str) -> None:
    with Journal(tmp_path, ABOUT):
        pass
    with pytest.raises(WarifuError) as refused:
        Journal(tmp_path, {**ABOUT, name: "another"})
    assert refused.value.where == f"{tmp_path}: is of another run ({name}); choose another folder"


@pytest.mark.parametrize(("spoilt", "line"), [("{}", 1), ("[]", 1), ("no JSON", 1), (None, 2)])
def test_a_journal_that_is_none_is_refused_with_the_line(tmp_path: Path, spoilt: str | None, line: int) -> None:
    with Journal(tmp_path, ABOUT) as begun:
        begun.add(ENDS)
    path = tmp_path / JOURNAL_FILE
    lines = path.read_text("ascii").splitlines()
    lines[line - 1] = spoilt if spoilt is not None else '{"line": "x"}'
    path.write_text("\n".join(lines) + "\n", "ascii")
    with pytest.raises(WarifuError) as refused:
        Journal(tmp_path, ABOUT)
    assert refused.value.reason is Reason.FILE_INVALID
    assert refused.value.where == f"{path}:{line}: is no line of a journal"


def test_a_full_disk_leaves_no_part_of_what_was_added(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Journal(tmp_path, ABOUT) as begun:
        begun.add({1: ENDS[1]})
        size = (tmp_path / JOURNAL_FILE).stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, limits[1]))
        try:
            with pytest.raises(WarifuError) as refused:
                begun.add({3: ENDS[3]})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert refused.value.reason is Reason.PATH_UNUSABLE
        assert begun.ends == {1: ENDS[1]}
        begun.add({3: ENDS[3]})
    with Journal(tmp_path, ABOUT) as again:
        assert again.ends == ENDS


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WarifuError) as refused:
        Journal(tmp_path / "file" / "out", ABOUT)
    assert refused.value.reason is Reason.PATH_UNUSABLE
