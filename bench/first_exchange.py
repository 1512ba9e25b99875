"""From ``make run`` to the first exchange answered, as whoever types it waits for it.

Everything is installed already; the demonstration says in its results when its first exchange was answered.
"""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

__all__ = ["first_exchange_seconds"]

_PATIENCE_S = 600.0


def first_exchange_seconds(folder: Path) -> float:
    """Seconds from starting ``make run`` to its first answer; the results go to ``folder``.

    Raises: RuntimeError when the demonstration fails.
    """
    results, log = folder / "demo.json", folder / "demo.log"
    started = time.time()
    with log.open("wb") as output:
        status = subprocess.run(
            ["make", "--no-print-directory", "run", f"ARGS=--json {results}"],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=_PATIENCE_S,
            check=False,
        ).returncode
    if status:
        last = log.read_text("utf-8", errors="replace").strip().splitlines()[-1:]
        raise RuntimeError(f"make run ended with status {status}: {' '.join(last)}")
    told: dict[str, float] = json.loads(results.read_text("utf-8"))
    return told["first_exchange_unix_s"] - started
