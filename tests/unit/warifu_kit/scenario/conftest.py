"""Scenarios from lines of YAML, played on either engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from warifu_kit.scenario.file.reading import load_scenario
from warifu_kit.scenario.file.scenario import Scenario
from warifu_kit.scenario.virtual.costs import Calibration, Visit, load_calibration

HEAD = """question: "What comes of it, in a test?"
general: {{seed: {seed}, duration: {duration}, deadline: 5s, patience: {patience}}}
network: {{members: two-of-each}}
"""
TRAFFIC = "traffic: [{row: R01, inquirer: childcare-takamatsu, provider: tax-takamatsu, arrivals: {process: poisson, rate: 5/s}}]"

Asked = Callable[..., Scenario]


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    """A scenario of two municipalities: ``lines`` after the head."""

    def read(*lines: str, seed: int = 7, duration: str = "60s", patience: str = "10s", head: str = HEAD) -> Scenario:
        file = tmp_path / "asked.yaml"
        text = head.format(seed=seed, duration=duration, patience=patience)
        file.write_text("\n".join([text.rstrip(), *(lines or (TRAFFIC,))]) + "\n", "utf-8")
        return load_scenario(file)

    return read


@pytest.fixture
def costs() -> Calibration:
    """Costs that no machine is the cause of."""
    visit = Visit(each_us=500, shared_us=1500, disk_ms=0.5, variation=0.5)
    shipped = load_calibration()
    return replace(shipped, visits=dict.fromkeys(shipped.visits, visit), line_ms=0.5)


@pytest.fixture
def silent() -> Callable[..., Any]:
    """Tells nobody."""
    return lambda *_: None
