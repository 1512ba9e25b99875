"""The whole of a calibration, in order: functions in this process, the disk, a network for some seconds."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from warifu.curve.suites import available_suites
from warifu_kit.scenario.calibrating.arithmetic import arithmetic_us, fdatasync_ms, of_visits_us
from warifu_kit.scenario.calibrating.deriving import costs_from
from warifu_kit.scenario.calibrating.live import measure_network
from warifu_kit.scenario.calibrating.machine import machine
from warifu_kit.scenario.virtual.costs import Calibration

__all__ = ["calibrate"]


def calibrate(exchanges: int, tell: Callable[[str, float], None]) -> Calibration:
    """Measure this machine, with a network in a folder that is removed. Raises: whatever a call ends with; OSError."""
    suite, about = available_suites()[0], machine()
    tell("functions", 0.0)
    arithmetic = of_visits_us(arithmetic_us(suite))
    with tempfile.TemporaryDirectory(prefix="warifu-calibrate-") as folder:
        disk_ms = fdatasync_ms(Path(folder))
        measured = measure_network(Path(folder) / "net", suite, exchanges, tell)
    return costs_from(measured, arithmetic, disk_ms, about, {"suite": suite, "proofs": "always"})
