"""The one edge through which every command shows something.

Decides that text which others wrote is shown and never obeyed: no markup, no emoji codes, no control characters; that a
list keeps each value whole on its line, however narrow the terminal, because people copy them; and that no terminal, file or pipe, whatever it can show, ends a command. A string
is plain text; whoever wants colour makes a ``rich.text.Text``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import IO, Any, Final

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from warifu.errors import Reason, WarifuError
from warifu.printable import json_escaped, printable

__all__ = ["Terminal", "allow_any_terminal", "say", "say_error", "say_json", "say_table", "table"]

_WIDEST = 10_000  # columns of the widest list
_OF_FILES: Final = frozenset({Reason.CONFIG_INVALID, Reason.FILE_INVALID, Reason.PATH_UNUSABLE})


class Terminal(Console):
    """Rich's console for text that is not all ours: a string has no markup, and its control characters are escaped."""

    def __init__(self, *, file: IO[str] | None = None, **options: Any) -> None:
        """``file`` is standard output unless given; ``options`` are those of rich's console."""
        super().__init__(file=file, markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Rich asks this for every string, in a cell, a title or by itself."""
        return super().render_str(printable(text), **options)


def allow_any_terminal() -> None:
    """Have output that cannot show a character show its escape instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(*lines: str, err: bool = False) -> None:
    """Show each line as it is, never folded; on standard error with ``err``."""
    stream = sys.stderr if err else sys.stdout
    stream.write("".join(f"{printable(line)}\n" for line in lines))
    stream.flush()


def say_error(error: WarifuError) -> None:
    """Show on standard error why a command ended. Of a file, its name and line go first: editors and people look for them."""
    if error.reason in _OF_FILES and error.where:
        done = "" if error.done is None else f"; done before it: {error.done}"
        say(f"warifu: {error.where} ({error.reason.value}{done})", err=True)
    else:
        say(f"warifu: {error}", err=True)


def say_json(told: object) -> None:
    """Show ``told`` as one line of JSON, for machines: in ASCII, so that it passes through anything."""
    say(json_escaped(json.dumps(told)))


def table(headings: Sequence[str], *, title: str | None = None) -> Table:
    """An empty list whose cells are neither folded nor cut; :func:`say_table` shows it."""
    made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False)
    for heading in headings:
        made.add_column(heading, no_wrap=True, overflow="ignore")
    return made


def say_table(shown: Table) -> None:
    """Show a list as wide as it is: a narrower terminal breaks the line by itself, and copies it whole."""
    terminal = Terminal()
    widest = Measurement.get(terminal, terminal.options.update(max_width=_WIDEST), shown).maximum
    terminal.width = max(terminal.width, widest)
    terminal.print(shown, crop=False, no_wrap=True, overflow="ignore", soft_wrap=False)
