"""``manifest.json`` of a backup: what it holds, so that one that was torn, cut short or changed by accident is noticed.

Decides what is written about each file and when a backup is whole: only regular files in it are read, and of each no more
than its size. It is no protection against somebody who may write to the backup: who changes a file can change the manifest
as well. It says nothing about people but how many rows there are.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from warifu.errors import Reason, WarifuError
from warifu.party.config import Fault, load_yaml
from warifu.party.network_file import NETWORK_FILE
from warifu.party.snapshot import check_database
from warifu.printable import printable

__all__ = [
    "MANIFEST_FILE",
    "CopiedDatabase",
    "CopiedFile",
    "LogState",
    "Manifest",
    "check_files",
    "chunks_of",
    "is_inside",
    "measured",
    "read_manifest",
]

MANIFEST_FILE = "manifest.json"
"""Describes a backup; its presence says that the folder holds one."""

_CHUNK = 1 << 20


def is_inside(path: str) -> bool:
    """Whether a manifest may name a file so: a path that leads nowhere else, without control characters."""
    parts = PurePosixPath(path).parts
    return (
        bool(parts) and not path.startswith("/") and ".." not in parts and "\\" not in path and printable(path) == path
    )


def _inside(path: str) -> str:
    if not is_inside(path):
        raise ValueError("should be a path inside the backup, without control characters")
    return path


_Path = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_inside)]
_Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Count = Annotated[int, Field(ge=0)]


class CopiedFile(BaseModel):
    """One file, by its path in the network's folder: bytes, SHA-256 in hexadecimal, permission bits in octal."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: _Path
    size: _Count
    sha256: _Digest
    mode: Annotated[str, Field(pattern=r"^[0-7]{3}$")]


class CopiedDatabase(CopiedFile):
    """A SQLite file, and how many rows each of its tables has."""

    rows: dict[str, _Count]


class LogState(BaseModel):
    """How far the hub's log had come: entries in all, and its newest checkpoint as a signed note, if it had one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: _Count
    checkpoint: str | None


class Manifest(BaseModel):
    """The whole file. ``made_at`` is the one moment that all databases are of, in UTC (ISO 8601)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    notice: str = ""
    format: Literal[1]
    made_at: str
    network: str
    parties: list[str]
    files: list[CopiedFile]
    databases: list[CopiedDatabase]
    log: LogState | None

    def all_files(self) -> list[CopiedFile]:
        """Databases and other files."""
        return [*self.files, *self.databases]

    def of_party(self, party: str) -> Iterator[CopiedFile]:
        """What lies in one party's folder."""
        return (file for file in self.all_files() if file.path.startswith(f"{party}/"))

    def text(self) -> str:
        """As it is written."""
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, indent=1) + "\n"


def read_manifest(backup: Path) -> Manifest:
    """The manifest of a backup. Raises: CONFIG_INVALID, with every fault; PATH_UNUSABLE when there is no backup."""
    path = backup / MANIFEST_FILE
    if path.is_symlink() or not path.is_file():
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{backup}: holds no backup; it has no {MANIFEST_FILE}")
    return load_yaml(path, Manifest, _contradictions)  # JSON is YAML too, and the faults have their lines


def _contradictions(manifest: Manifest) -> Iterable[Fault]:
    seen: set[str] = set()
    for number, file in enumerate(manifest.files):
        if file.path in seen:
            yield Fault(("files", number, "path"), "is there twice")
        seen.add(file.path)
    for number, database in enumerate(manifest.databases):
        if database.path in seen:
            yield Fault(("databases", number, "path"), "is there twice")
        seen.add(database.path)
    if NETWORK_FILE not in seen:
        yield Fault(("files",), f"lacks {NETWORK_FILE}: not of a network")


def check_files(backup: Path, files: Iterable[CopiedFile], progress: Callable[[int], None] = lambda _: None) -> None:
    """See that every file is there as it was written. ``progress`` is told how many more bytes were read.

    Raises:
        WarifuError: FILE_INVALID, naming the first that is missing, cut short, not what it was, or no regular file.
    """
    for file in files:
        digest = hashlib.sha256()
        for chunk in chunks_of(backup, file):
            digest.update(chunk)
            progress(len(chunk))
        if digest.hexdigest() != file.sha256:
            raise _broken(backup / file.path, "is not what was backed up: its SHA-256 differs")
        if isinstance(file, CopiedDatabase):
            check_database(backup / file.path)


def chunks_of(backup: Path, file: CopiedFile) -> Iterator[bytes]:
    """What one file of a backup holds, in pieces; never more than its size.

    Raises: FILE_INVALID when it is missing, has another size, or is no regular file in the backup.
    """
    path, left = backup / file.path, file.size
    try:
        with _opened(backup, path) as stream:
            size = os.fstat(stream.fileno()).st_size
            if size != left:
                raise _broken(path, f"has {size} bytes, not {left}; the copy is torn")
            while left and (chunk := stream.read(min(left, _CHUNK))):
                left -= len(chunk)
                yield chunk
    except OSError as error:
        raise _broken(path, str(error.strerror)) from error


def measured(path: Path) -> tuple[int, str]:
    """Size and SHA-256 of a file that was just written. Raises: OSError."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return os.fstat(stream.fileno()).st_size, digest


def _opened(backup: Path, path: Path) -> IO[bytes]:
    """Open a file of a backup: no link is followed, and no pipe or device is waited for. Raises: FILE_INVALID; OSError."""
    place = Path(os.path.realpath(backup), path.relative_to(backup))
    if Path(os.path.realpath(place)) != place or not stat.S_ISREG(place.lstat().st_mode):
        raise _broken(path, "is a link, or no regular file; a backup holds nothing else")
    descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)  # it may be another by now
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _broken(path, "is no regular file")
    return os.fdopen(descriptor, "rb")


def _broken(path: Path, why: str) -> WarifuError:
    return WarifuError(Reason.FILE_INVALID, where=f"{path}: {why}")
