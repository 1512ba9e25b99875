"""What ``make load`` runs: a fresh network, made-up residents, locust for a while, a table.

Exit status: 0 no request failed; 1 some did, or something did not start.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
_START_SECONDS = 60.0


def main() -> int:
    """Run it all; the exit status."""
    arguments = _arguments()
    console = Console()
    with tempfile.TemporaryDirectory(prefix="warifu-load-") as folder:
        network = Path(folder) / "network"
        up = subprocess.Popen([*_warifu("up"), str(network)], stdout=subprocess.DEVNULL)
        try:
            _wait_until_up(up, network)
            subprocess.run([*_warifu("populate"), str(network), "--residents", str(arguments.residents)], check=True)
            console.print(f"SIMULATED load: {arguments.users} users for {arguments.seconds} s", highlight=False)
            status = _drive(arguments, network, Path(folder))
            rows = _rows(Path(folder) / "load_stats.csv")
        finally:
            up.send_signal(signal.SIGTERM)
            up.wait(timeout=30)
    console.print(_table(rows))
    if arguments.json:
        arguments.json.write_text(json.dumps({"simulated": True, "rows": rows}, indent=2) + "\n", "utf-8")
    return 1 if status or not rows or any(int(row["Failure Count"]) for row in rows) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=16, help="load users at once (default 16)")
    parser.add_argument("--seconds", type=int, default=20, help="how long (default 20)")
    parser.add_argument("--residents", type=int, default=200, help="made-up residents (default 200)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table's rows to FILE as well")
    return parser.parse_args()


def _warifu(command: str) -> list[str]:
    return [sys.executable, "-m", "warifu_kit.cli", command]


def _wait_until_up(up: subprocess.Popen[bytes], network: Path) -> None:
    """Wait until every party of the network has said where it listens."""
    give_up = time.monotonic() + _START_SECONDS
    while time.monotonic() < give_up and up.poll() is None:
        if _is_up(network / "network.json"):
            return
        time.sleep(0.1)
    raise SystemExit("the network did not come up; try: warifu up DIR")


def _is_up(description: Path) -> bool:
    try:
        parties = json.loads(description.read_text("utf-8"))["parties"].values()
    except (OSError, ValueError):
        return False
    return all(party["endpoint"] for party in parties if party["role"] != "supervisor")


def _drive(arguments: argparse.Namespace, network: Path, folder: Path) -> int:
    command = [sys.executable, "-m", "locust", "-f", str(HERE / "locustfile.py"), "--headless", "--only-summary"]
    command += ["--users", str(arguments.users), "--spawn-rate", str(arguments.users), "--loglevel", "WARNING"]
    command += ["--run-time", f"{arguments.seconds}s", "--csv", str(folder / "load")]
    environment = {**os.environ, "WARIFU_NETWORK": str(network)}
    return subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _table(rows: list[dict[str, str]]) -> Table:
    table = Table(title="SIMULATED network under load", title_justify="left")
    columns = {
        "who asks whom": "Name",
        "requests": "Request Count",
        "failed": "Failure Count",
        "per second": "Requests/s",
        "p50 ms": "50%",
        "p95 ms": "95%",
        "p99 ms": "99%",
    }
    for heading in columns:
        table.add_column(heading, justify="left" if heading == "who asks whom" else "right")
    for row in rows:
        cells = [row[name] for name in columns.values()]
        cells[3] = f"{float(cells[3]):.1f}"
        table.add_row(*cells)
    return table


if __name__ == "__main__":
    sys.exit(main())
