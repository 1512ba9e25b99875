"""Locust's figures at the end of a run, as rows of JSON: its own CSV files lag a few seconds behind.

Decides who writes them: the one process that has the figures of all. A worker has a part, and says nothing.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from locust import events
from locust.runners import WorkerRunner
from locust.stats import StatsEntry

__all__ = ["as_row", "write_at_the_end", "write_rows"]


def as_row(name: str, entry: StatsEntry) -> dict[str, Any]:
    """One line of the table: times in milliseconds, rate per second over the whole run."""
    percentiles = {f"p{percent}_ms": entry.get_response_time_percentile(percent / 100) for percent in (50, 95, 99)}
    return {
        "name": name,
        "requests": entry.num_requests,
        "failures": entry.num_failures,
        "per_second": round(entry.total_rps, 1),
        **percentiles,
    }


@events.init.add_listener  # type: ignore[untyped-decorator]  # locust types no hooks
def write_at_the_end(environment: Any, **_: object) -> None:
    """Have the rows written once every call is counted, to the file named by ``WARIFU_STATS``, if it is set."""
    wanted = os.environ.get("WARIFU_STATS")
    if wanted and not isinstance(environment.runner, WorkerRunner):
        environment.events.quit.add_listener(lambda **_: write_rows(environment, wanted))


def write_rows(environment: Any, wanted: str) -> None:
    """Write a row a name, then all together."""
    entries = sorted(environment.stats.entries.items())
    rows = [as_row(name, entry) for (name, _), entry in entries] + [as_row("all", environment.stats.total)]
    Path(wanted).write_text(json.dumps(rows) + "\n", "utf-8")
