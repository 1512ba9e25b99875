"""What is measured, and how: processor time, medians and quartiles, the disk, the machine.

Processor time is read per process, in nanoseconds, from the process's own clock: the kernel keeps it exactly, and
reading it costs nothing that the measured process would notice.
"""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Spread", "cpu_ns", "fdatasync_ms", "machine", "percentile", "spread"]


def cpu_ns(pid: int) -> int:
    """Nanoseconds of processor time that a process, threads included, has used so far."""
    return time.clock_gettime_ns(
        (~pid << 3) | 2
    )  # the kernel's clock id of another process's time (MAKE_PROCESS_CPUCLOCK)


@dataclass(frozen=True, slots=True)
class Spread:
    """A median with its quartiles."""

    median: float
    low: float
    high: float


def spread(values: Iterable[float]) -> Spread:
    """Median and quartiles of at least one value."""
    found = sorted(values)
    if len(found) == 1:
        return Spread(found[0], found[0], found[0])
    low, median, high = statistics.quantiles(found, n=4, method="inclusive")
    return Spread(median, low, high)


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which ``share`` (0 to 1) of the ordered values lie."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def fdatasync_ms(folder: Path, *, times: int = 200, size: int = 400) -> float:
    """Milliseconds, as a median, that the disk under ``folder`` takes to append ``size`` bytes and sync them."""
    path, record, took = folder / "fdatasync.probe", os.urandom(size), []
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        for _ in range(times):
            started = time.perf_counter()
            os.write(descriptor, record)
            os.fdatasync(descriptor)
            took.append((time.perf_counter() - started) * 1000)
    finally:
        os.close(descriptor)
        path.unlink()
    return statistics.median(took)


def machine() -> dict[str, str]:
    """What these figures were measured on."""
    return {
        "cpu": _first_field(Path("/proc/cpuinfo"), "model name") or platform.machine(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": _first_field(Path("/proc/meminfo"), "MemTotal"),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load": " ".join(f"{load:.1f}" for load in os.getloadavg()),
    }


def _first_field(path: Path, name: str) -> str:
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
