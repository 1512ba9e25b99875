"""What a node keeps of two checkpoints: one file for each member, until it convicts or is withdrawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from warifu.api.directory.v1.directory_service_pb2 import DirectoryHeader
from warifu.exchange.log_views import LogViews
from warifu.identifiers import InstitutionCode
from warifu_services.node.evidence_files import EVIDENCE_FOLDER, EvidenceFolder

TAX, INSURANCE = InstitutionCode("9020110020000001"), InstitutionCode("9040000000000001")


def views(told: bytes) -> LogViews:
    return LogViews(shown=b"shown\n", told=told, proof=(), header=DirectoryHeader())


@pytest.fixture
def folder(tmp_path: Path) -> EvidenceFolder:
    return EvidenceFolder(tmp_path)


def test_what_convicts_takes_the_place_of_what_does_not_and_nothing_takes_its(folder: EvidenceFolder) -> None:
    for told, convicts in ((b"first\n", False), (b"second\n", False), (b"third\n", True), (b"fourth\n", False)):
        assert folder.keep_views(TAX, views(told), convicts=convicts)
    assert folder.views_kept(TAX) == views(b"third\n")
    assert folder.views_kept(INSURANCE) is None
    assert folder.views_standing() == "evidence: the hub showed 1 others another log than this node"


def test_what_is_withdrawn_stands_no_longer(folder: EvidenceFolder) -> None:
    folder.keep_views(TAX, views(b"told\n"), convicts=False)
    folder.withdraw_views(TAX)
    folder.withdraw_views(TAX)
    assert folder.views_kept(TAX) is None
    assert folder.views_standing() is None


def test_what_somebody_spoilt_is_kept_and_read_as_nothing(folder: EvidenceFolder, tmp_path: Path) -> None:
    folder.keep_views(TAX, views(b"told\n"), convicts=False)
    (file,) = (tmp_path / EVIDENCE_FOLDER).iterdir()
    file.write_bytes(b"{")
    assert folder.views_kept(TAX) is None
    assert folder.views_standing()


def test_what_cannot_be_written_is_said_to_be_not_kept(folder: EvidenceFolder, tmp_path: Path) -> None:
    (tmp_path / EVIDENCE_FOLDER).write_bytes(b"in the way")
    assert not folder.keep_views(TAX, views(b"told\n"), convicts=True)
