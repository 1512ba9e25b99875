"""The hub with a tap on its wire: ``python -m warifu_kit.blindness.tapped_hub --dir DIR --tap FILE [--listen HOST:PORT]``.

Decides nothing: it is the hub's own process with interceptors around its server and its channels. The hub has no switch
for this, and no other code runs in it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from warifu.party.process import run_party
from warifu_hub.app import run_hub
from warifu_kit.blindness.tap import Tap, TappingServer, client_taps

__all__ = ["main", "tapped_hub_command"]


def tapped_hub_command(folder: Path, tap: Path, options: Sequence[str] = ()) -> list[str]:
    """The command line of a tapped hub that stops with the process that started it; ``options`` as for the hub."""
    words = ["--dir", str(folder), "--tap", str(tap), *options, "--stop-with-parent"]
    return [sys.executable, "-m", "warifu_kit.blindness.tapped_hub", *words]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a tapped hub until it is asked to stop; the exit status. Its log leaves out nothing it could say."""
    parser = argparse.ArgumentParser(
        prog="warifu_kit.blindness.tapped_hub", description="Run the hub with a tap on its wire."
    )
    parser.add_argument("--dir", type=Path, required=True, help="the hub's folder")
    parser.add_argument("--tap", type=Path, required=True, help="the file that takes every message")
    parser.add_argument("--listen", metavar="HOST:PORT", help="where to listen")
    parser.add_argument("--stop-with-parent", action="store_true", help="stop when the starting process ends")
    given = parser.parse_args(arguments)
    tap = Tap(given.tap)
    try:
        return run_party(
            lambda stop: run_hub(
                stop,
                given.dir,
                listen=given.listen,
                server_interceptors=[TappingServer(tap)],
                channel_interceptors=client_taps(tap),
            ),
            party="hub",
            log_level="debug",
            stop_with_parent=given.stop_with_parent,
        )
    finally:
        tap.close()


if __name__ == "__main__":
    sys.exit(main())
