"""``python bench/card.py``: a signature with the card beside one with a software token, and what one command to the card takes.

Decides what is compared: the same `pkcs11-tool`, at our reader's socket and at SoftHSM2, in turn; a ratio is taken inside each round. It
needs the Debian packages opensc, opensc-pkcs11 and softhsm2.

Exit status: 0 the figures hold, goals reached or not; 1 something that is needed is missing, or a signature failed.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from figures import Row, goal_text, with_quartiles
from measure import machine, spread

from warifu.card.applications.jpki import AID
from warifu.card.making import made
from warifu_kit.card.specimen import specimen
from warifu_kit.reader.card_file import new_card
from warifu_kit.reader.running import READER_NAME

OPENSC = "opensc-pkcs11.so"
SOFTHSM = "libsofthsm2.so"
SELECT = b"\x00\xa4\x04\x0c" + bytes([len(AID)]) + AID

Rounds = Annotated[int, typer.Option(min=1, help="How many signatures each side makes.")]


def main(rounds: Rounds = 30) -> None:
    """Measure, and say whether the goals are reached."""
    modules = [_module(name) for name in (OPENSC, SOFTHSM)]
    with tempfile.TemporaryDirectory(prefix="warifu-") as folder, _reader(Path(folder)) as place:
        card = {**os.environ, "PCSCLITE_CSOCK_NAME": str(place)}
        token = _soft_token(Path(folder), modules[1])
        took = [
            (_signature(modules[0], card, Path(folder)), _signature(modules[1], token, Path(folder)))
            for _ in range(rounds)
        ]
        round_trips = _round_trips(place)
    rows = with_quartiles("card_sign_ratio", spread(ours / theirs for ours, theirs in took[1:] or took))
    rows.append(Row("card_sign_ms", statistics.median(ours for ours, _ in took) * 1000, "ms"))
    rows.append(Row("softhsm_sign_ms", statistics.median(theirs for _, theirs in took) * 1000, "ms"))
    rows.append(Row("apdu_round_trip_p50_ms", statistics.median(round_trips) * 1000, "ms"))
    for row in rows:
        value = row.value if isinstance(row.value, str) else f"{row.value:.3g}"
        print(f"{row.name:<26}{value:>10} {row.unit:<3} {goal_text(row) or ''}")
    print("machine: " + ", ".join(f"{name} {value}" for name, value in machine().items()))
    print(json.dumps([row.told() for row in rows]))


@contextmanager
def _reader(folder: Path) -> Iterator[Path]:
    """A reader in a process of its own, with a specimen in it; its socket."""
    new_card(folder / "card.json", made(specimen(datetime.now(UTC))))
    place = folder / "reader"
    warifu = Path(sys.executable).with_name("warifu")
    command = [str(warifu), "card", "insert", str(folder / "card.json"), "--socket", str(place)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        if "SIMULATED" not in process.stdout.readline():
            raise RuntimeError("the reader does not start")
        yield place
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


def _soft_token(folder: Path, module: Path) -> dict[str, str]:
    """The environment of a SoftHSM2 with one RSA key of a card's size."""
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    environment = {**os.environ, "SOFTHSM2_CONF": str(folder / "softhsm2.conf")}
    for arguments in (
        ("--init-token", "--slot-index", "0", "--label", "bench", "--so-pin", "12345678"),
        ("--slot-index", "0", "--init-pin", "--login", "--so-pin", "12345678", "--login-type", "so", "--pin", "1234"),
        ("--slot-index", "0", "--login", "--pin", "1234", "--keypairgen", "--key-type", "rsa:2048", "--id", "01"),
    ):
        _pkcs11_tool(module, environment, *arguments)
    return environment


def _signature(module: Path, environment: dict[str, str], folder: Path) -> float:
    """Seconds of one signature: the program starts, logs in, signs, ends."""
    (folder / "message").write_bytes(b"what is signed")
    begun = time.perf_counter()
    signing = ("--sign", "--mechanism", "SHA256-RSA-PKCS", "--id", "01", "--input-file", str(folder / "message"))
    output = ("--output-file", str(folder / "signature"))
    _pkcs11_tool(module, environment, "--slot-index", "0", "--login", "--pin", "1234", *signing, *output)
    return time.perf_counter() - begun


def _pkcs11_tool(module: Path, environment: dict[str, str], *arguments: str) -> None:
    ended = subprocess.run(
        ["pkcs11-tool", "--module", module, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise RuntimeError(f"pkcs11-tool {' '.join(arguments[:2])}: {ended.stderr.strip()}")


def _round_trips(place: Path, count: int = 5000) -> list[float]:
    """Seconds of each command to the card, by a client that does nothing else."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(place))
        _asked(client, 0x11, struct.pack("<iiI", 4, 4, 0))
        (context,) = struct.unpack_from("<I", _asked(client, 0x01, struct.pack("<III", 2, 0, 0)), 4)
        connect = struct.pack("<I128sIIiII", context, READER_NAME.encode(), 2, 3, 0, 0, 0)
        (card,) = struct.unpack_from("<i", _asked(client, 0x04, connect), 140)
        ask = (
            struct.pack("<II", 32, 0x09) + struct.pack("<iIIIIIII", card, 2, 16, len(SELECT), 2, 16, 65_548, 0) + SELECT
        )
        took = []
        for _ in range(count):
            begun = time.perf_counter()
            client.sendall(ask)
            if client.recv(34)[-2:] != b"\x90\x00":
                raise RuntimeError("the card refused")
            took.append(time.perf_counter() - begun)
    return took


def _asked(client: socket.socket, command: int, body: bytes) -> bytes:
    client.sendall(struct.pack("<II", len(body), command) + body)
    return client.recv(len(body))


def _module(name: str) -> Path:
    found = [*Path("/usr/lib").glob(f"*/{name}"), *Path("/usr/lib").glob(f"softhsm/{name}")]
    if not found or shutil.which("pkcs11-tool") is None:
        raise RuntimeError(f"{name} is missing: apt-get install opensc opensc-pkcs11 softhsm2")
    return found[0]


if __name__ == "__main__":
    try:
        typer.run(main)
    except (RuntimeError, OSError) as error:
        sys.exit(f"bench: {error}")
