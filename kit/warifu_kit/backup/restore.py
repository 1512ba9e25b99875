"""Putting a backup back: a whole network into a new folder, or one party into a network that is down.

Decides that nothing torn is put back, that nothing is overwritten (what one party's folder held is kept beside it), that
nothing else changes the network meanwhile, and that neither a list of revoked certificates nor the hub's chain of directory
versions gets older by it. Whether a restored party's records are behind it does not decide: the party finds out when it
meets the others.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from warifu.clock import Clock, SystemClock
from warifu.errors import Reason, WarifuError
from warifu.party.claim import claim
from warifu.party.network_file import read_network_file
from warifu.pki import read_revocation_list, write_public_file
from warifu_kit.backup.backup import REPLACED
from warifu_kit.backup.chain import keep_chain
from warifu_kit.backup.manifest import CopiedFile, Manifest, check_files, chunks_of, read_manifest
from warifu_kit.network.one_party import HUB, unfinished_folder
from warifu_kit.network.versions import changing

__all__ = ["restore_network", "restore_party"]

_REVOKED = "revoked.pem"
_SETTINGS = "party.json"

Progress = Callable[[int], None]
"""Told how many more bytes were read."""


def restore_network(backup: Path, target: Path, *, progress: Progress = lambda _: None) -> Manifest:
    """Put a whole network into ``target``, which must not exist or be empty. Appears whole or not at all.

    Raises:
        WarifuError: FILE_INVALID, naming the file, when the backup is torn; CONFIG_INVALID for its manifest, also when it
            lists no hub; PATH_UNUSABLE.
    """
    manifest = read_manifest(backup)
    _must_hold(manifest, HUB, f"{backup}: is of no whole network; restore its parties one by one, with --party")
    place = Path(os.path.realpath(target))
    with _writing(target):
        if place.exists() and any(place.iterdir()):
            where = f"{target}: is not empty; restore into a new folder, or one party with --party"
            raise WarifuError(Reason.PATH_UNUSABLE, where=where)
        check_files(backup, manifest.all_files(), progress)
        with unfinished_folder(place.parent) as unfinished:
            _copy(backup, unfinished, manifest.all_files())
            read_network_file(unfinished)
            unfinished.rename(place)  # an empty folder gives way
    return manifest


def restore_party(
    backup: Path,
    network: Path,
    party: str,
    *,
    replace: bool = False,
    clock: Clock | None = None,
    progress: Progress = lambda _: None,
) -> Path | None:
    """Put one party of the backup into ``network``, which must be down; where its former folder is now, if it had one.

    Raises:
        WarifuError: as :func:`restore_network`; CONFIG_INVALID when the backup is of another network or has no such
            party, or its hub would be behind the directory that others go by; PATH_UNUSABLE when the network or the
            party is up, another change of the network is under way, or the party's folder is in use and ``replace`` is
            false.
    """
    manifest = read_manifest(backup)
    _must_fit(manifest, network, party)
    _must_hold(manifest, party, f"{backup}: lists {party}, and lacks its files; take a backup that has them")
    clock, folder = clock or SystemClock(), network / party
    with _writing(network), _held_down(network, folder), changing(network):
        if folder.exists() and any(folder.iterdir()) and not replace:
            where = f"{folder}: is not empty; with --replace it is kept beside the restored one"
            raise WarifuError(Reason.PATH_UNUSABLE, where=where)
        files = list(manifest.of_party(party))
        check_files(backup, files, progress)
        with unfinished_folder(network) as unfinished:
            restored = unfinished / party
            _copy(backup, unfinished, files)
            _keep_newest_revocation_list(network, restored)
            if party == HUB:
                keep_chain(network, folder, restored)
            return _put_in_place(restored, folder, clock.now())


def _must_fit(manifest: Manifest, network: Path, party: str) -> None:
    described = read_network_file(network)
    if manifest.network != described.network:
        where = f"{network}: is network {described.network}; the backup is of {manifest.network}"
        raise WarifuError(Reason.CONFIG_INVALID, where=where)
    if party not in manifest.parties or party not in described.parties:
        where = f"no party is called {party} in both; the backup has {', '.join(manifest.parties)}"
        raise WarifuError(Reason.CONFIG_INVALID, where=where)


def _must_hold(manifest: Manifest, party: str, otherwise: str) -> None:
    if f"{party}/{_SETTINGS}" not in {file.path for file in manifest.files}:
        raise WarifuError(Reason.CONFIG_INVALID, where=otherwise)


@contextmanager
def _held_down(network: Path, folder: Path) -> Iterator[None]:
    """Keep the network and the party from being started meanwhile. Raises: PATH_UNUSABLE when either is up."""
    with ExitStack() as held:
        for path, what in (
            (network / "network.lock", "the network"),
            *((each, "the party") for each in _locks(folder)),
        ):
            try:
                held.enter_context(claim(path))
            except BlockingIOError as error:
                where = f"{path.parent}: {what} is up; stop it first"
                raise WarifuError(Reason.PATH_UNUSABLE, where=where) from error
            except OSError as error:
                raise WarifuError(Reason.PATH_UNUSABLE, where=f"{path}: {error.strerror}") from error
        yield


def _locks(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.sqlite3.lock"))


def _put_in_place(restored: Path, folder: Path, now: datetime) -> Path | None:
    """Rename a party's folder to its place; where the former one is now. If that fails, the former one is back."""
    kept = _kept_aside(folder, now)
    try:
        restored.rename(folder)
    finally:
        if kept is not None and not folder.exists():
            kept.rename(folder)
    return kept


def _kept_aside(folder: Path, now: datetime) -> Path | None:
    """Move what is there out of the way; an empty folder goes."""
    if not folder.exists():
        return None
    if not any(folder.iterdir()):
        folder.rmdir()
        return None
    aside = folder.with_name(f"{folder.name}{REPLACED}{now.astimezone(UTC):%Y%m%dT%H%M%SZ}")
    folder.rename(aside)
    return aside


def _keep_newest_revocation_list(network: Path, restored: Path) -> None:
    """Put the newest list that any party of the network has into the restored folder, if it is newer than the one there.

    An older list would let certificates in again that were taken back since.
    """
    root_pem = (restored / "root.pem").read_bytes()
    lists = {_list_number(path, root_pem): path for path in (*network.glob(f"*/{_REVOKED}"), restored / _REVOKED)}
    newest = lists[max(lists)]
    if newest.parent != restored:
        write_public_file(restored / _REVOKED, newest.read_bytes())


def _list_number(path: Path, root_pem: bytes) -> int:
    """A list past its date counts too: it is the record of what was taken back. One that is not the root's does not."""
    try:
        return read_revocation_list(path.read_bytes(), root_pem, datetime.fromtimestamp(0, UTC)).number
    except (OSError, WarifuError):
        return -1


def _copy(backup: Path, to: Path, files: Iterable[CopiedFile]) -> None:
    for file in files:
        place = to / file.path
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.writelines(chunks_of(backup, file))
            os.fchmod(stream.fileno(), int(file.mode, 8))
            stream.flush()
            os.fsync(stream.fileno())
    check_files(to, files)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{error.filename or path}: {error.strerror}") from error
