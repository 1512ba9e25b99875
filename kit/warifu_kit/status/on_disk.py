"""What a network's folder tells of its parties, whether or not they run: certificates, revocation list, free space; and of its run.

Reads those files and decides nothing; what cannot be read is told in its place. It opens no private key.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from warifu.errors import WarifuError
from warifu.party.directory_file import DIRECTORY_FILE, read_directory_file
from warifu.party.folder import PartyFolder
from warifu.party.network_file import NetworkFile, PartyEntry
from warifu.pki import read_revocation_list
from warifu.pki.revocation import RevocationList
from warifu.pki.validity import Validity, validity_of
from warifu_kit.network.run_file import Ends, Run, read_run

__all__ = ["FilesOfParty", "look_at_folder"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesOfParty:
    """One party's files. ``certificates`` is by use ("own", "business", "root"); ``faults`` is what cannot be read.

    ``free_bytes`` is None where the system does not say. ``codes_announced`` when the directory in its folder announces
    codes of another epoch for it: somebody began to rotate them. ``log_views`` when a supervisor's witness has kept two
    checkpoints that cannot be of one log. ``spread_s``: over how many seconds it spreads inquiries, as it was told to when the
    network was started, or by its settings; 0 where neither says. ``ends`` is how often it ended since, None for not at all.
    """

    certificates: dict[str, Validity]
    revocation_list: RevocationList | None
    free_bytes: int | None
    faults: tuple[str, ...]
    codes_announced: bool = False
    log_views: bool = False
    spread_s: float = 0.0
    ends: Ends | None = None


def look_at_folder(path: Path, described: NetworkFile) -> dict[str, FilesOfParty]:
    """The files of each party that ``network.json`` names, by party."""
    run = read_run(path)
    return {party: _look(path, party, about, run) for party, about in described.parties.items()}


def _look(path: Path, party: str, about: PartyEntry, run: Run) -> FilesOfParty:
    root = (Path(about.folder) / "root.pem").as_posix()
    wanted = {"own": about.certificate, "business": about.business_certificate, "root": root}
    certificates: dict[str, Validity] = {}
    faults: list[str] = []
    for use, name in wanted.items():
        if name is None:
            continue
        try:
            certificates[use] = validity_of((path / name).read_bytes(), name)
        except (OSError, WarifuError):
            faults.append(f"{name}: missing, or no certificate")
    held = _revocation_list(path / about.folder, faults, about.folder)
    return FilesOfParty(
        certificates=certificates,
        revocation_list=held,
        free_bytes=_free(path),
        faults=tuple(faults),
        codes_announced=_are_codes_announced(path, about),
        log_views=about.role == "supervisor" and any((path / about.folder / "evidence").glob("log-views-*.json")),
        spread_s=_spread_s(path, about, run) if about.role == "agency" else 0.0,
        ends=run.ends.get(party),
    )


def _spread_s(path: Path, about: PartyEntry, run: Run) -> float:
    if run.spread_s is not None:
        return run.spread_s
    try:
        return PartyFolder(path / about.folder).settings().spread_s or 0.0
    except WarifuError:  # the party itself says so, and does not start
        return 0.0


def _are_codes_announced(path: Path, about: PartyEntry) -> bool:
    try:
        dated = read_directory_file(path / about.folder / DIRECTORY_FILE).dated_entries
    except WarifuError:  # the party itself says so when it cannot go by it
        return False
    return any(each.entry.institution_code == about.institution_code and not each.accepted_until_ms for each in dated)


def _revocation_list(folder: Path, faults: list[str], name: str) -> RevocationList | None:
    long_ago = datetime.fromtimestamp(0, UTC)  # one past its date is looked at too; its end is told
    try:
        return read_revocation_list((folder / "revoked.pem").read_bytes(), (folder / "root.pem").read_bytes(), long_ago)
    except (OSError, ValueError, WarifuError):
        faults.append(f"{name}/revoked.pem: missing, or not signed by the network's root")
        return None


def _free(path: Path) -> int | None:
    try:
        return shutil.disk_usage(path).free
    except OSError:
        return None
