"""Where the ``warifu`` command begins: until it is loaded Ctrl-C ends it without a word, as a program in any other language.

Decides nothing else, and imports nothing but what is loaded anyway: Python itself raises an exception wherever it is in the
middle of loading, and shows whoever pressed Ctrl-C in the first fraction of a second where that was.
"""

from __future__ import annotations

import signal

__all__ = ["main"]


def main() -> None:
    """Load the command line, and run it."""
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)  # nothing was begun that would have to be ended
    from warifu_kit.cli import main as run

    signal.signal(signal.SIGINT, before)
    run()
