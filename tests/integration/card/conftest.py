"""A real reader: the command, in a process of its own, with a specimen in it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from warifu.card.chip_file import written_chip
from warifu.card.chip_state import Chip
from warifu.card.making import made
from warifu.pki.files import write_private_file
from warifu_kit.card.specimen import specimen
from warifu_kit.reader.door import Asked, knock
from warifu_kit.reader.place import ReaderPlace

__all__ = ["Reader", "_shared", "own_reader", "reader", "short_folder", "specimen_chip"]

WARIFU = Path(sys.executable).with_name("warifu")


class Reader:
    """One reader that is running."""

    def __init__(self, folder: Path, chip: Chip) -> None:
        self.folder = folder
        self.card, self.socket = folder / "card.json", folder / "reader"
        write_private_file(self.card, written_chip(chip))
        self.process = self._started()

    def _started(self) -> subprocess.Popen[str]:
        command = [str(WARIFU), "card", "insert", str(self.card), "--socket", str(self.socket), "--stop-with-parent"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert process.stdout is not None
        shown = process.stdout.readline() + process.stdout.readline()
        assert "PCSCLITE_CSOCK_NAME" in shown, shown + process.stdout.read()
        return process

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """``warifu card`` with these arguments."""
        return subprocess.run(
            [str(WARIFU), "card", *arguments], input=stdin, capture_output=True, text=True, timeout=60, check=False
        )

    def remove(self) -> None:
        assert knock(ReaderPlace(self.socket), Asked("remove")) == ""

    def insert(self) -> None:
        assert knock(ReaderPlace(self.socket), Asked("insert", self.card)) == str(self.card)

    def has_card(self) -> bool:
        return knock(ReaderPlace(self.socket), Asked("status")) != ""

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PCSCLITE_CSOCK_NAME": str(self.socket)}

    def kill(self) -> None:
        """Pull the power."""
        self.process.kill()
        self.process.communicate(timeout=30)

    def start_again(self) -> None:
        self.process = self._started()

    def stop(self) -> str:
        """What it printed since it was ready."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        shown, _ = self.process.communicate(timeout=30)
        return shown


@pytest.fixture(scope="session")
def specimen_chip() -> Chip:
    return made(specimen(datetime.now(UTC)))


@contextmanager
def _short_folder() -> Iterator[Path]:
    """A folder whose sockets have short paths, which pytest's may not."""
    folder = Path(tempfile.mkdtemp(prefix="warifu-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def short_folder() -> Iterator[Path]:
    with _short_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def _shared(specimen_chip: Chip) -> Iterator[Reader]:
    with _short_folder() as folder:
        running = Reader(folder, specimen_chip)
        yield running
        assert running.stop() == ""


@pytest.fixture
def reader(_shared: Reader) -> Reader:
    """The reader of the tests of one file, with the card in it, none of whose tries is spent."""
    if not _shared.has_card():
        _shared.insert()
    return _shared


@pytest.fixture
def own_reader(short_folder: Path, specimen_chip: Chip) -> Iterator[Reader]:
    """A reader for one test, which may spend tries and pull the power."""
    running = Reader(short_folder, specimen_chip)
    yield running
    running.stop()
