"""The card in vsmartcard's virtual reader, played here by a few lines: frames, answer to reset, power."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.integration.card.conftest import WARIFU

from warifu.card.chip_file import written_chip
from warifu.card.chip_state import Chip
from warifu.pki.files import write_private_file

SELECT = bytes.fromhex("00A4040C0AD392F000260100000001")


class _VirtualReader:
    """Sends length and body apart, as vsmartcard does."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection

    def tell(self, body: bytes) -> None:
        self.connection.sendall(len(body).to_bytes(2, "big"))
        self.connection.sendall(body)

    def ask(self, body: bytes) -> bytes:
        self.tell(body)
        return self._take(int.from_bytes(self._take(2), "big"))

    def _take(self, size: int) -> bytes:
        taken = b""
        while len(taken) < size:
            part = self.connection.recv(size - len(taken))
            assert part
            taken += part
        return taken


@contextmanager
def _inserted(card: Path, endpoint: str | None = None) -> Iterator[tuple[_VirtualReader, subprocess.Popen[str]]]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(30)
        place = endpoint or f"127.0.0.1:{listening.getsockname()[1]}"
        command = [str(WARIFU), "card", "insert", str(card), "--vpcd", place]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        connection, _ = listening.accept()
        connection.settimeout(30)
        try:
            with connection:
                yield _VirtualReader(connection), process
        finally:
            process.kill()
            process.communicate(timeout=30)


@pytest.fixture
def card(tmp_path: Path, specimen_chip: Chip) -> Path:
    path = tmp_path / "card.json"
    write_private_file(path, written_chip(specimen_chip))
    return path


def test_the_card_answers_in_a_virtual_reader_until_it_is_taken_out(card: Path) -> None:
    with _inserted(card) as (virtual, process):
        virtual.tell(b"\x01")
        assert virtual.ask(b"\x04")[0] == 0x3B
        assert virtual.ask(SELECT) == virtual.ask(bytes.fromhex("00A4020C020018")) == b"\x90\x00"
        assert virtual.ask(b"\x00\x20\x00\x80\x041234") == b"\x90\x00"
        virtual.tell(b"\x02")  # a reset forgets the PIN and where the terminal was
        assert virtual.ask(bytes.fromhex("00A4020C020017")) == b"\x6a\x82"
        assert virtual.ask(b"\x00" * 5)[-2:] != b"\x90\x00"
        process.send_signal(signal.SIGINT)
        assert virtual.connection.recv(1) == b""
        assert process.wait(30) == 0


def test_a_virtual_reader_that_goes_away_ends_the_command(card: Path) -> None:
    with _inserted(card) as (virtual, process):
        assert virtual.ask(b"\x04")[0] == 0x3B
        virtual.connection.close()
        assert process.wait(30) == 0
