"""What ``make load`` runs: a fresh network, made-up residents, locust for a while, a table.

Exit status: 0 no request failed; 1 some did, or something did not start; 130 it was interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from warifu.party.inherited import settle_process
from warifu.printable import printable
from warifu.saved_text import parse_json

HERE = Path(__file__).resolve().parent
_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_INTERRUPTED = 130
_STATS = "stats.json"


def main() -> int:
    """Run it all; the exit status."""
    settle_process()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the network must not stay up
    arguments = _arguments()
    console = Console(markup=False, emoji=False, highlight=False)
    try:
        return _loaded(arguments, console)
    except KeyboardInterrupt:
        sys.stderr.write("load: stopped\n")
        return _INTERRUPTED


def _loaded(arguments: argparse.Namespace, console: Console) -> int:
    with tempfile.TemporaryDirectory(prefix="warifu-load-") as folder:
        network = Path(folder) / "network"
        up = subprocess.Popen([*_warifu("up"), str(network), "--no-faults"], stdout=subprocess.DEVNULL)
        try:
            _wait_until_up(up, network)
            _populate(network, arguments.residents)
            console.print(f"SIMULATED load: {arguments.users} users for {arguments.seconds} s")
            status = _drive(arguments, network, Path(folder))
            rows = _rows(Path(folder))
        finally:
            _stop(up)
    console.print(_table(rows))
    if arguments.json:
        arguments.json.write_text(json.dumps({"simulated": True, "rows": rows}, indent=2) + "\n", "utf-8")
    return 1 if status or not rows or any(row["failures"] for row in rows) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=16, help="load users at once (default 16)")
    parser.add_argument("--seconds", type=int, default=20, help="how long (default 20)")
    parser.add_argument("--residents", type=int, default=200, help="made-up residents (default 200)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table's rows to FILE as well")
    arguments = parser.parse_args()
    if arguments.json and (arguments.json.is_dir() or not arguments.json.absolute().parent.is_dir()):
        parser.error(f"--json {printable(str(arguments.json))}: there is no such folder, or it is one")
    return arguments


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


def _drive(arguments: argparse.Namespace, network: Path, folder: Path) -> int:
    command = [sys.executable, "-m", "locust", "-f", str(HERE / "locustfile.py"), "--headless", "--only-summary"]
    command += ["--users", str(arguments.users), "--spawn-rate", str(arguments.users), "--loglevel", "WARNING"]
    command += ["--run-time", f"{arguments.seconds}s", "--exit-code-on-error", "0"]
    environment = {**os.environ, "WARIFU_NETWORK": str(network), "WARIFU_STATS": str(folder / _STATS)}
    with (folder / "locust.log").open("wb") as log:
        driven = subprocess.run(command, env=environment, stdout=log, stderr=log, check=False)
    if driven.returncode:
        sys.stderr.write((folder / "locust.log").read_text("utf-8", errors="replace"))
    return driven.returncode


def _rows(folder: Path) -> list[dict[str, Any]]:
    path = folder / _STATS
    rows: list[dict[str, Any]] = json.loads(path.read_text("utf-8")) if path.exists() else []
    return rows


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(title="SIMULATED network under load", title_justify="left", box=box.SIMPLE)
    headings = ("who asks whom", "asked", "failed", "per s", "p50 ms", "p95 ms", "p99 ms")
    for heading in headings:
        table.add_column(heading, justify="left" if heading == headings[0] else "right", no_wrap=True)
    for row in rows:
        table.add_row(*(str(cell) for cell in row.values()))
    return table


if __name__ == "__main__":
    sys.exit(main())
