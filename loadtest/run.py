"""What ``make load`` runs: a fresh calm network, made-up residents, locust for a minute, a table, a report.

Whatever is not said below is locust's to read: ``--rate``, ``--shape``, ``--mix``, ``--processes``, the thresholds. Exit status:
0 no threshold was missed; 1 one was, or something did not start; 2 it was asked for what there is not; 130 it was interrupted.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from warifu.party.inherited import settle_process
from warifu.printable import printable
from warifu.saved_text import parse_json

HERE = Path(__file__).resolve().parent
_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_INTERRUPTED = 130


def main() -> int:
    """Run it all; the exit status."""
    settle_process()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the network must not stay up
    arguments, words = _arguments()
    console = Console(markup=False, emoji=False, highlight=False)
    try:
        return _loaded(arguments, words, console)
    except KeyboardInterrupt:
        sys.stderr.write("load: stopped\n")
        return _INTERRUPTED


def _loaded(arguments: argparse.Namespace, words: list[str], console: Console) -> int:
    with tempfile.TemporaryDirectory(prefix="warifu-load-") as folder:
        network = Path(folder) / "network"
        up = subprocess.Popen([*_warifu("up"), str(network), "--no-faults", "--timings"], stdout=subprocess.DEVNULL)
        try:
            _wait_until_up(up, network)
            _populate(network, arguments.residents)
            status = _drive(arguments, words, network)
        finally:
            _stop(up)
    page = arguments.out / "load.html"
    if page.exists():
        console.print(f"report: {printable(str(page))}", soft_wrap=True)
    return status


def _arguments() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--residents", type=int, default=200, help="made-up residents (default 200)")
    parser.add_argument("--out", type=Path, metavar="DIR", default=Path("runs/load"), help="report (default runs/load)")
    arguments, words = parser.parse_known_args()
    if arguments.out.exists() and not arguments.out.is_dir():
        parser.error(f"--out {printable(str(arguments.out))}: is no folder")
    return arguments, words


def _warifu(command: str) -> list[str]:
    return [sys.executable, "-m", "warifu_kit.cli", command]


def _wait_until_up(up: subprocess.Popen[bytes], network: Path) -> None:
    """Wait until every party of the network has said where it listens."""
    give_up = time.monotonic() + _START_SECONDS
    while time.monotonic() < give_up and up.poll() is None:
        if _is_up(network / "network.json"):
            return
        time.sleep(0.1)
    how = "in time" if up.poll() is None else f"(warifu up ended with status {up.returncode})"
    raise SystemExit(f"load: the network did not come up {how}; try: warifu up runs/net")


def _populate(network: Path, residents: int) -> None:
    command = [*_warifu("populate"), str(network), "--residents", str(residents)]
    status = subprocess.run(command, check=False).returncode
    if status:
        raise SystemExit(f"load: the network was not populated: warifu populate ended with status {status}")


def _stop(up: subprocess.Popen[bytes]) -> None:
    up.send_signal(signal.SIGTERM)
    try:
        up.wait(timeout=_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        up.kill()
        up.wait()


def _is_up(description: Path) -> bool:
    try:
        described: Any = parse_json(description.read_bytes())
        parties = described["parties"].values()
    except (OSError, ValueError):
        return False
    return all(party["endpoint"] for party in parties if party["role"] != "supervisor")


def _drive(arguments: argparse.Namespace, words: list[str], network: Path) -> int:
    command = [sys.executable, "-m", "locust", "-f", str(HERE / "locustfile.py"), "--headless", "--only-summary"]
    command += ["--loglevel", "ERROR", "--network", str(network), "--out", str(arguments.out), *words]
    driven = subprocess.Popen(command)
    try:
        return driven.wait()
    except KeyboardInterrupt:
        driven.send_signal(signal.SIGTERM)  # its report comes first
        driven.wait(timeout=_STOP_SECONDS)
        raise


if __name__ == "__main__":
    sys.exit(main())
