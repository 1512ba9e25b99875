"""The search for what a party must not have: in its files, its messages, its log and its memory.

Decides where to look and what a report says. It is run from outside the searched party, over everything that party had,
with the values it must not have; one hit is one too many. The report names the kind of value, whose it is, in which
form it lay and where, and never the value. The same search over a party that does hold the values must find them, or it
proves nothing.

    search = BlindnessSearch(secrets)
    search.folder("hub files", Path("net/hub"))
    search.memory("hub memory", pid)
    report = search.report()
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ahocorasick_rs import BytesAhoCorasick

from warifu_kit.blindness.needles import SHORTEST_NEEDLE, Needle, Secret, Skipped, needles
from warifu_kit.blindness.process_memory import PAGE, MemoryForbiddenError, Region, open_memory, paused, read_at
from warifu_kit.blindness.sqlite_cells import cells, is_sqlite

__all__ = ["BlindnessReport", "BlindnessSearch", "Forbidden", "Hit", "Place"]

_CHUNK = 4 * 1024 * 1024
_SEPARATOR = b"\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A secret was found. ``offset`` is in bytes from the start of the place, or an address for memory."""

    kind: str
    owner: str
    encoding: str
    place: str
    offset: int


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere that was searched, and how many bytes there were."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Forbidden:
    """Somewhere that could not be searched, because the system forbids it: to be told to whoever reads the report."""

    place: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindnessReport:
    """What a search came to. ``needle_count`` counts distinct byte strings; ``skipped`` were too short to look for."""

    places: tuple[Place, ...]
    forbidden: tuple[Forbidden, ...]
    needle_count: int
    skipped: tuple[Skipped, ...]
    hits: tuple[Hit, ...]

    @property
    def bytes_searched(self) -> int:
        """Over all places."""
        return sum(place.size for place in self.places)

    @property
    def is_blind(self) -> bool:
        """Nothing was found. Says nothing about places that were forbidden."""
        return not self.hits

    def kinds_found(self) -> set[str]:
        """The kinds of secrets of which at least one was found."""
        return {hit.kind for hit in self.hits}


class BlindnessSearch:
    """One search over many places. ``secrets`` must not be known to the searched party by way of this process."""

    def __init__(self, secrets: Iterable[Secret], *, shortest: int = SHORTEST_NEEDLE) -> None:
        sought: dict[bytes, Needle] = {}
        self._skipped: list[Skipped] = []
        for secret in secrets:
            found, skipped = needles(secret, shortest=shortest)
            self._skipped += skipped
            for needle in found:
                sought.setdefault(needle.pattern, needle)
        if not sought:
            raise ValueError("nothing to search for")
        self._needles = list(sought.values())
        self._longest = max(map(len, sought))
        self._automaton = BytesAhoCorasick(list(sought))
        self._buffer = bytearray(self._longest + _CHUNK)
        self._places: list[Place] = []
        self._forbidden: list[Forbidden] = []
        self._hits: list[Hit] = []

    def blob(self, place: str, content: bytes) -> None:
        """Search bytes at hand, such as one recorded message."""
        self._look(place, memoryview(content), offset=0, seen=0)
        self._places.append(Place(place, len(content)))

    def file(self, place: str, path: Path) -> None:
        """Search a file as it lies on disk; one that is a SQLite database, also value by value.

        A value that spans two pages of a database is in one piece only as a value.
        """
        try:
            with path.open("rb", buffering=0) as file:
                size = self._stream(place, lambda into, _: file.readinto(into) or 0, start=0)
        except FileNotFoundError:
            return  # the party removed it between listing and reading: it no longer has it
        except PermissionError:
            self._forbidden.append(Forbidden(place, "not permitted to read the file"))
            return
        self._places.append(Place(place, size))
        if is_sqlite(path):
            self._database(f"{place} (values)", path)

    def folder(self, place: str, path: Path) -> None:
        """Search every file below a folder, journals, logs and settings among them, and the files' names."""
        found = sorted(entry for entry in path.rglob("*") if entry.is_file())
        names = [str(entry.relative_to(path)) for entry in found]
        self.blob(f"{place}: file names", _SEPARATOR.join(map(os.fsencode, names)))
        for name, entry in zip(names, found, strict=True):
            self.file(f"{place}: {name}", entry)

    def memory(self, place: str, pid: int) -> Forbidden | None:
        """Search another process's memory, holding it still meanwhile; where that is forbidden, say so and go on.

        Raises: ValueError for this process itself; ProcessLookupError when there is none such.
        """
        try:
            with open_memory(pid) as (descriptor, regions), paused(pid):
                sizes = [self._region(place, descriptor, region) for region in regions]
        except (MemoryForbiddenError, PermissionError) as error:
            refused = Forbidden(place, str(error))
            self._forbidden.append(refused)
            return refused
        self._places.append(Place(place, sum(sizes)))
        return None

    def report(self) -> BlindnessReport:
        """Everything searched so far."""
        return BlindnessReport(
            places=tuple(self._places),
            forbidden=tuple(self._forbidden),
            needle_count=len(self._needles),
            skipped=tuple(self._skipped),
            hits=tuple(self._hits),
        )

    def _region(self, place: str, descriptor: int, region: Region) -> int:
        """Search one region, leaving out pages that cannot be read; how many bytes there were."""
        at, size = region.start, 0
        read = partial(_read_until, descriptor, region.end)
        while at < region.end:
            count = self._stream(f"{place}: {region.name}", read, start=at)
            size += count
            at += count + PAGE
        return size

    def _stream(self, place: str, read: Callable[[memoryview, int], int], *, start: int) -> int:
        """Search what ``read`` gives until it gives nothing, in one buffer; how many bytes there were.

        The last bytes of a chunk, one fewer than the longest needle has, stand before the next chunk.
        """
        buffer, kept, at = memoryview(self._buffer), 0, start
        while count := read(buffer[kept : kept + _CHUNK], at):
            filled = kept + count
            self._look(place, buffer[:filled], offset=at - kept, seen=kept)
            kept = min(filled, self._longest - 1)
            buffer[:kept] = bytes(buffer[filled - kept : filled])
            at += count
        return at - start

    def _look(self, place: str, content: memoryview, *, offset: int, seen: int) -> None:
        """Search ``content``; a match that ends within its first ``seen`` bytes was found before."""
        for number, start, end in self._automaton.find_matches_as_indexes(content, overlapping=True):
            if end > seen:
                self._found(place, self._needles[number], offset + start)

    def _found(self, place: str, needle: Needle, offset: int) -> None:
        kind, owner, encoding = needle.kind, needle.owner, needle.encoding
        self._hits.append(Hit(kind=kind, owner=owner, encoding=encoding, place=place, offset=offset))

    def _database(self, place: str, path: Path) -> None:
        values = _SEPARATOR.join(_as_bytes(cell.value) for cell in cells(path))
        self.blob(place, values)


def _read_until(descriptor: int, end: int, into: memoryview, address: int) -> int:
    return read_at(descriptor, into[: end - address], address)


def _as_bytes(value: float | str | bytes) -> bytes:
    if isinstance(value, bytes):
        return value
    return str(value).encode("utf-8", "surrogateescape")
