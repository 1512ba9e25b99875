"""Showing how far the demonstration has come: bars on a terminal, a line per finished phase elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from warifu.printable import printable
from warifu_kit.output import Terminal

__all__ = ["Phase", "Teller", "teller"]


class Phase(Protocol):
    """One phase under way."""

    def advance(self, count: int = 1) -> None:
        """That many more are done."""


class Teller(Protocol):
    """Whoever tells people. A context manager, because a terminal must be left as it was."""

    def __enter__(self) -> Self:
        """Begin telling."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""

    @contextmanager
    def phase(self, text: str, total: int) -> Iterator[Phase]:
        """A phase of ``total`` things, from here to the end of the block."""

    def note(self, text: str) -> None:
        """Something worth a line."""


def teller(console: Terminal) -> Teller:
    """The teller that fits where ``console`` writes to."""
    return _Bars(console) if console.is_terminal else _Lines(console)


class _Bar:
    def __init__(self, progress: Progress, text: str, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task(printable(text), total=total)

    def advance(self, count: int = 1) -> None:
        self._progress.advance(self._task, count)

    def finish(self) -> None:
        self._progress.stop_task(self._task)


class _Bars:
    """Bars on a terminal; those of finished phases stay."""

    def __init__(self, console: Terminal) -> None:
        columns = (
            TextColumn("{task.description:<44}", markup=False),
            BarColumn(16),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=console)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    @contextmanager
    def phase(self, text: str, total: int) -> Iterator[Phase]:
        bar = _Bar(self._progress, text, total)
        try:
            yield bar
        finally:
            bar.finish()

    def note(self, text: str) -> None:
        self._progress.console.print(text)


class _Count:
    def __init__(self) -> None:
        self.done = 0

    def advance(self, count: int = 1) -> None:
        self.done += count


class _Lines:
    """A line per finished phase, for logs and pipes."""

    def __init__(self, console: Terminal) -> None:
        self._console = console

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    @contextmanager
    def phase(self, text: str, total: int) -> Iterator[Phase]:
        begun, count = time.monotonic(), _Count()
        yield count
        self.note(f"{text}: {count.done}/{total} in {time.monotonic() - begun:.1f} s")

    def note(self, text: str) -> None:
        self._console.print(text, soft_wrap=True)
