"""The folder of a run: which files it has, in which order they are written, and that it says so when it is not complete.

Decides the names. A folder is made complete in its last step: until then, and for ever after a run that was interrupted, it holds
``INCOMPLETE``. ``docs/results.md`` explains each file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from warifu.errors import Reason, WarifuError
from warifu_kit.scenario.virtual.costs import VISITS

if TYPE_CHECKING:
    from warifu_kit.scenario.file.scenario import Scenario
    from warifu_kit.scenario.virtual.outcome import Outcome

__all__ = ["INCOMPLETE", "MOST_EVENTS", "results_folder", "seed_there", "write_events", "write_faults", "write_summary"]

INCOMPLETE = "INCOMPLETE"
"""In a folder whose run is going on, or did not come to its end."""

MOST_EVENTS = 200_000
"""Exchanges in ``events.parquet``; of more, so many are drawn by the seed."""

_OURS = frozenset({"summary.json", "events.parquet", "faults.jsonl", "report.html", "scenario.yaml", INCOMPLETE})


_ROWS: Final = """
SELECT true AS simulated, at_s, i.name AS inquirer, p.name AS provider, s.name AS stream, bulk, f.name AS ended,
  r.name AS reason, attempts, took_ms, inquirer_asks_ms, hub_permits_ms, provider_answers_ms, hub_relays_ms, inquirer_opens_ms
FROM event JOIN institution i ON i.place = inquirer JOIN institution p ON p.place = provider
  JOIN stream s ON s.place = stream JOIN finish f ON f.place = ended JOIN reason r ON r.place = reason
ORDER BY number"""


@contextmanager
def results_folder(path: Path) -> Iterator[None]:
    """Write into ``path``, which is new, empty, or an earlier run's. Raises: PATH_UNUSABLE where something else lies there."""
    path.mkdir(parents=True, exist_ok=True)
    there = [each for each in path.iterdir() if each.name not in _OURS and each.suffix != ".png"]
    if there:
        where = f"{path}: has {there[0].name} in it, which no run wrote; give another --out"
        raise WarifuError(Reason.PATH_UNUSABLE, where=where)
    (path / INCOMPLETE).write_text("SIMULATED. This run did not come to its end: nothing here is a result.\n", "utf-8")
    for each in path.iterdir():
        if each.name != INCOMPLETE:
            each.unlink()
    yield
    (path / INCOMPLETE).unlink()


def seed_there(path: Path) -> int | None:
    """The seed of the complete run in ``path``; None where there is none."""
    try:
        seed = json.loads((path / "summary.json").read_text("utf-8"))["seed"]
    except (OSError, ValueError, KeyError, TypeError):  # no run, or somebody's own file of that name
        return None
    return seed if isinstance(seed, int) and not (path / INCOMPLETE).exists() else None


def write_summary(path: Path, told: Mapping[str, Any]) -> None:
    """``summary.json``."""
    (path / "summary.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf-8")


def write_faults(path: Path, told: Mapping[str, Any], outcome: Outcome) -> None:
    """``faults.jsonl``: every fault from when to when, then every call that met one of the kit's."""
    lines = [{"SIMULATED": True, **each} for each in told["faults"]] + list(outcome.ledger)
    (path / "faults.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")


def write_events(path: Path, scenario: Scenario, outcome: Outcome) -> int:
    """``events.parquet``, one row an exchange in the order of arrival; how many rows it has."""
    import duckdb
    import numpy as np

    count = len(outcome.load)
    chosen = np.arange(count)
    if count > MOST_EVENTS:
        draw = np.random.Generator(np.random.SFC64([scenario.seed, MOST_EVENTS]))
        chosen = np.sort(draw.choice(count, MOST_EVENTS, replace=False, shuffle=False))
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    connection.register("institution", _named([each.name for each in scenario.institutions]))
    connection.register("stream", _named([each.name for each in scenario.streams]))
    connection.register("reason", _named(list(outcome.reasons)))
    connection.register("finish", _named(["answered", "pending", "refused", "unknown"]))
    connection.register("event", _columns(outcome, chosen))
    connection.sql(_ROWS).write_parquet(str(path / "events.parquet"), compression="zstd")
    connection.close()
    return len(chosen)


def _named(names: list[str]) -> Any:
    import numpy as np

    return {"place": np.arange(len(names)), "name": np.array(names, dtype=object)}


def _columns(outcome: Outcome, chosen: Any) -> Any:
    load = outcome.load
    return {
        "number": chosen,
        "at_s": load.at[chosen],
        "inquirer": load.inquirer[chosen],
        "provider": load.provider[chosen],
        "stream": load.stream[chosen],
        "bulk": load.bulk[chosen],
        "ended": outcome.end[chosen],
        "reason": outcome.reason[chosen],
        "attempts": outcome.attempts[chosen],
        "took_ms": (outcome.took[chosen] * 1e3).astype("float32"),
        **{f"{name}_ms": outcome.visits[row][chosen] * 1e3 for row, name in enumerate(VISITS)},
    }
