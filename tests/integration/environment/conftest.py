"""The ``warifu`` command as other people's machines start it: with their variables, signals, masks and limits."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest


@pytest.fixture(scope="session")
def warifu_words() -> Callable[..., list[str]]:
    """The command line for some words after ``warifu``."""
    return lambda *words: [sys.executable, "-m", "warifu_kit.cli", *map(str, words)]


# Runs what follows it the way a careless starter would. argv: what to do, then the program and its words.
STARTER = """
import os, resource, signal, sys
ALL = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD, signal.SIGPIPE)
what, *words = sys.argv[1:]
if what == "ignores signals":
    for number in ALL:
        signal.signal(number, signal.SIG_IGN)
elif what == "holds signals back":
    signal.pthread_sigmask(signal.SIG_BLOCK, ALL)
else:
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(what), int(what)))
os.execv(words[0], words)
"""


@pytest.fixture(scope="session")
def started_by() -> Callable[[object, list[str]], list[str]]:
    """The command line of a program whose starter ignores or holds back signals, or allows so many open files."""
    return lambda what, words: [sys.executable, "-c", STARTER, str(what), *words]
