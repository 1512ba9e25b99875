"""The folder in which a node keeps what convicts the hub, for whoever judges it.

Decides where a file lies and how many there may be: a hub that goes on forging must not fill the disk. What a file says,
``warifu.exchange.evidence`` decides. It stays until somebody takes it away.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.errors import WarifuError
from warifu.exchange.evidence import Evidence
from warifu.exchange.log_views import LogViews
from warifu.identifiers import InstitutionCode
from warifu.party.directory_file import DIRECTORY_FILE, read_directory_file
from warifu.pki import write_public_file
from warifu.rpc.logging import get_logger

__all__ = ["EVIDENCE_FOLDER", "MOST_FILES", "EvidenceFolder", "Keep", "kept_nowhere"]

EVIDENCE_FOLDER = "evidence"
MOST_FILES = 64
"""Permits kept; one convicts as well as many."""

_PERMITS = "[0-9]*.json"
_VIEWS = "log-views-*.json"

Keep = Callable[[ProvisionPermit], None]
"""Keeps a permit that convicts the hub. Never raises: whatever becomes of it, the permit is refused."""


def kept_nowhere(_: ProvisionPermit) -> None:
    """For a provider without a folder."""


class EvidenceFolder:
    """The folder ``evidence`` of one node, made when there is something to keep."""

    def __init__(self, party: Path) -> None:
        self._party = party
        self._path = party / EVIDENCE_FOLDER

    def keep(self, permit: ProvisionPermit) -> None:
        """Write it, durably, with the version of the directory in force; nothing when there is enough already."""
        try:
            if self._count() < MOST_FILES:
                directory = read_directory_file(self._party / DIRECTORY_FILE)
                self._path.mkdir(mode=0o700, exist_ok=True)
                write_public_file(self._file(permit), Evidence(permit=permit, directory=directory).to_json())
        except (OSError, WarifuError) as error:
            get_logger("node").error("evidence_not_kept", error=type(error).__name__)

    def keep_views(self, by: InstitutionCode, views: LogViews, *, convicts: bool) -> bool:
        """See :class:`warifu_services.node.views.KeepViews`. One file for each member: what convicts replaces what does not."""
        path = self._views_file(by)
        try:
            if convicts or not path.exists():
                self._path.mkdir(mode=0o700, exist_ok=True)
                write_public_file(path, views.to_json())
        except OSError as error:
            get_logger("node").error("evidence_not_kept", error=type(error).__name__)
            return False
        return True

    def views_kept(self, by: InstitutionCode) -> LogViews | None:
        """See :class:`warifu_services.node.views.KeepViews`."""
        with suppress(OSError, WarifuError):
            return LogViews.from_json(self._views_file(by).read_bytes())
        return None

    def withdraw_views(self, by: InstitutionCode) -> None:
        """See :class:`warifu_services.node.views.KeepViews`."""
        with suppress(OSError):
            self._views_file(by).unlink(missing_ok=True)

    def views_standing(self) -> str | None:
        """See :class:`warifu_services.node.views.KeepViews`."""
        count = self._count(_VIEWS)
        return f"{EVIDENCE_FOLDER}: the hub showed {count} others another log than this node" if count else None

    def standing(self) -> str | None:
        """What is amiss: that there is evidence; None while there is none."""
        count = self._count()
        return f"{EVIDENCE_FOLDER}: {count} permits whose conversion the hub did not prove" if count else None

    def _views_file(self, by: InstitutionCode) -> Path:
        return self._path / f"log-views-{by}.json"

    def _file(self, permit: ProvisionPermit) -> Path:
        """Named by the processing number, which was checked to be digits."""
        return self._path / f"{permit.processing_number}.json"

    def _count(self, pattern: str = _PERMITS) -> int:
        try:
            return sum(1 for _ in self._path.glob(pattern))
        except OSError:
            return 0
