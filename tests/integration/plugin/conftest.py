"""Projects of people who use the plugin, and networks that programs start."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

Start = Callable[..., "Program"]

PENSION = """
from google.protobuf.wrappers_pb2 import UInt32Value
from warifu.agency import Agency, Provided

COVERAGE = "TM99000000000004"


class PensionAgency(Agency):
    kind = "pension"
    provides = {COVERAGE: Provided(record_type=UInt32Value, certificate="Notice of coverage", certificate_ja="年金加入通知")}
"""
"""What somebody's own adapter looks like."""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with a ``services`` folder of its own, and settings that take a warning for an error."""
    services = pytester.path / "services"
    services.mkdir()
    (services / "__init__.py").write_text("", "utf-8")
    (services / "pension.py").write_text(PENSION, "utf-8")
    pytester.makeini(
        "[pytest]\naddopts = --strict-markers -p no:cacheprovider\nfilterwarnings = error\npythonpath = .\n"
        "asyncio_default_fixture_loop_scope = function\n"
    )
    return pytester


class Program:
    """``warifu up --json`` as another program starts it."""

    def __init__(self, words: list[str]) -> None:
        self.process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def line(self) -> dict[str, Any]:
        """The next line on standard output."""
        assert self.process.stdout is not None
        text = self.process.stdout.readline()
        if not text:
            raise AssertionError(self.process.communicate()[1])
        told: dict[str, Any] = json.loads(text)
        return told

    def stop(self) -> str:
        """Ask it to stop; what it said on standard error."""
        self.process.send_signal(signal.SIGTERM)
        _, said = self.process.communicate(timeout=60)
        return said


@pytest.fixture(scope="module")
def start() -> Iterator[Start]:
    """Start ``warifu`` with words; whatever is still up in the end is stopped."""
    with ExitStack() as stack:

        def begin(*words: str | Path) -> Program:
            program = Program([sys.executable, "-m", "warifu_kit.cli", *map(str, words)])
            stack.callback(_end, program.process)
            return program

        yield begin


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        os.kill(process.pid, signal.SIGTERM)
        process.communicate(timeout=60)
