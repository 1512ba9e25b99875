"""``manifest.json`` of a backup: what it holds, so that one that was torn, cut short or changed by accident is noticed.

Decides what is written about each file and when a backup is whole. It is no protection against somebody who may write to
the backup: who changes a file can change the manifest as well. It says nothing about people but how many rows there are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from warifu.errors import Reason, WarifuError
from warifu.party.config import Fault, load_yaml
from warifu.party.snapshot import check_database

__all__ = [
    "MANIFEST_FILE",
    "CopiedDatabase",
    "CopiedFile",
    "LogState",
    "Manifest",
    "check_files",
    "measured",
    "read_manifest",
]

MANIFEST_FILE = "manifest.json"
"""Describes a backup; its presence says that the folder holds one."""

_CHUNK = 1 << 20


def _inside(path: str) -> str:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path:
        raise ValueError("should be a path inside the backup")
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
    if not path.is_file():
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


def check_files(backup: Path, files: Iterable[CopiedFile], progress: Callable[[int], None] = lambda _: None) -> None:
    """See that every file is there as it was written. ``progress`` is told how many more bytes were read.

    Raises:
        WarifuError: FILE_INVALID, naming the first that is missing, cut short, or not what it was.
    """
    for file in files:
        path = backup / file.path
        size, digest = measured(path, progress)
        if size != file.size:
            raise _broken(path, f"has {size} bytes, not {file.size}; the copy is torn")
        if digest != file.sha256:
            raise _broken(path, "is not what was backed up: its SHA-256 differs")
        if isinstance(file, CopiedDatabase):
            check_database(path)


def measured(path: Path, progress: Callable[[int], None] = lambda _: None) -> tuple[int, str]:
    """Size and SHA-256 of a file. Raises: FILE_INVALID when it cannot be read."""
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
                progress(len(chunk))
    except OSError as error:
        raise _broken(path, str(error.strerror)) from error
    return size, digest.hexdigest()


def _broken(path: Path, why: str) -> WarifuError:
    return WarifuError(Reason.FILE_INVALID, where=f"{path}: {why}")
