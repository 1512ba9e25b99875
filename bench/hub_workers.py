"""A hub of two workers over a hub that is one process, where nobody else is busy: ``hub_workers_2_over_1``.

    python bench/hub_workers.py [--rounds 8] [--seconds 1.5]

On two cores three parties of a network fill both already, and a second process of the hub brings nothing. So here the hub is
what is measured: inquiries are built before the clocks run, and the provider signs and does nothing else (``hub_bound.py``).
Both hubs are up, each with a network of its own, and have their slices in turn; ratios are taken inside a round.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from figures import Row, with_quartiles
from measure import cpu_ns, spread
from stage import Load, start_party

from warifu.curve.suites import available_suites
from warifu.errors import WarifuError
from warifu_kit.network.creation import create_network
from warifu_kit.network.party_process import PartyProcess, party_command

__all__ = ["worker_rows"]

RESULTS = Path(__file__).parent / "results"
_HERE = Path(__file__).parent
_FASTEST = 4_000  # inquiries a second that are built: no hub of this bench reaches it
_SETTLE_S = 0.3

Rounds = Annotated[int, typer.Option(min=1, help="How often each hub has its slice.")]
Seconds = Annotated[float, typer.Option(min=0.2, help="How long a slice is measured.")]


@dataclass(frozen=True, slots=True)
class _Slice:
    """Exchanges a second; microseconds of processor time for each, at the hub and beside it."""

    rate: float
    hub_us: float
    beside_us: float


class _Cell:
    """One hub, with ``workers``, and what is beside it."""

    def __init__(self, ends: ExitStack, network: Path, workers: int) -> None:
        words = ["--listen", "127.0.0.1:0", "--workers", str(workers)]
        self._hub = start_party(ends, "hub", network / "hub", party_command("hub", network / "hub", words))
        script = [sys.executable, str(_HERE / "hub_bound.py")]
        self._provider = start_party(
            ends,
            "tax",
            network / "tax",
            [*script, "provider", "--dir", str(network / "tax"), "--hub", self._hub.endpoint],
        )
        serving = _serving(self._hub) if workers > 1 else []
        pids = ",".join(map(str, serving))
        self._load = Load(
            [*script, "load", "--dir", str(network / "childcare"), "--target", self._hub.endpoint, "--pids", pids]
        )
        ends.callback(self._load.close)

    def slice(self, seconds: float) -> _Slice:
        """What a slice came to. Raises: RuntimeError for any error."""
        before, beside = self._cpu_ns(), cpu_ns(self._provider.pid)
        count = int(_FASTEST * (seconds + _SETTLE_S))
        told: dict[str, Any] = self._load.order({"count": count, "seconds": seconds, "settle_s": _SETTLE_S})
        if told["errors"]:
            raise RuntimeError(f"void: {told['errors'][0]}")
        made = max(1, told["made"])
        return _Slice(
            rate=told["ended"] / told["seconds"],
            hub_us=(self._cpu_ns() - before) / 1000 / made,
            beside_us=((cpu_ns(self._provider.pid) - beside) / 1000 + told["own_us"]) / made,
        )

    def _cpu_ns(self) -> int:
        return sum(cpu_ns(pid) for pid in (self._hub.pid, *_children(self._hub.pid)))


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


def _serving(hub: PartyProcess) -> list[int]:
    """The workers of a hub: its processes but the sequencer, which it started first."""
    return _children(hub.pid)[1:]


def worker_rows(folder: Path, *, rounds: int, seconds: float, tell: Callable[[str], None]) -> list[Row]:
    """The figures, measured with networks that are made in ``folder``."""
    networks = {workers: folder / f"workers-{workers}" for workers in (1, 2)}
    create_network(networks[1], suite=available_suites()[0])
    shutil.copytree(networks[1], networks[2])
    with ExitStack() as ends:
        cells = {workers: _Cell(ends, network, workers) for workers, network in networks.items()}
        found: dict[int, list[_Slice]] = {workers: [] for workers in cells}
        for number in range(rounds):
            for workers in sorted(cells, reverse=number % 2 == 1):
                tell(f"round {number + 1}: a hub of {workers}")
                found[workers].append(cells[workers].slice(seconds))
    pairs = list(zip(found[1], found[2], strict=True))
    ratio = spread(two.rate / max(one.rate, 1e-9) for one, two in pairs)
    rows = with_quartiles("hub_workers_2_over_1", ratio)
    for workers, slices in found.items():
        rows.append(Row(f"hub_bound_per_s_{workers}", spread(each.rate for each in slices).median, "1/s"))
        rows.append(Row(f"cpu_us_per_hub_bound_{workers}", spread(each.hub_us for each in slices).median, "us"))
        rows.append(Row(f"cpu_us_beside_hub_bound_{workers}", spread(each.beside_us for each in slices).median, "us"))
    return rows + with_quartiles("hub_workers_cpu_ratio", spread(two.hub_us / one.hub_us for one, two in pairs))


def main(rounds: Rounds = 8, seconds: Seconds = 1.5) -> None:
    """Measure a hub of two workers over a hub that is one process."""
    RESULTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=RESULTS, prefix="workers-") as folder:
        rows = worker_rows(Path(folder), rounds=rounds, seconds=seconds, tell=lambda what: print(what, file=sys.stderr))
    for row in rows:
        print(f"{row.name:<28} {row.value:.4g} {row.unit}")
    print(f"load {' '.join(f'{load:.1f}' for load in os.getloadavg())}")


if __name__ == "__main__":
    try:
        typer.run(main)
    except (WarifuError, RuntimeError, OSError) as error:
        sys.exit(f"bench: {error}")
