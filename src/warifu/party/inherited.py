"""What a process of a network takes over from whoever started it, and what it does not.

Decides which of the things a process inherits are the starter's to choose (time zone, locale, how strict its umask is,
whether a closed terminal ends it) and which are not: how connections are secured and where they lead, who may write our
files, whether the process can be stopped, how many files it may hold open. There is no switch for the latter.
"""

from __future__ import annotations

import os
import resource
import signal

from warifu.errors import Reason, WarifuError

__all__ = ["FEWEST_FILES", "drop_variables", "settle_process"]

FEWEST_FILES = 64
"""Files and sockets that a party must be able to hold open: about 30 are its own, and every caller needs one."""

_MOST_FILES = 65_536  # as many as anybody needs; where there is no limit, some programs walk through all of them
_LEVELS = {"DEBUG", "INFO", "ERROR", "NONE"}
# OpenSSL would load a configuration, and code, from where these say.
_FOREIGN = {"OPENSSL_CONF", "OPENSSL_CONF_INCLUDE", "OPENSSL_MODULES"}
_ENDING = (signal.SIGINT, signal.SIGTERM)


def drop_variables() -> None:
    """Take out of the environment what would decide for gRPC and OpenSSL, for this process and all it starts.

    To be called before gRPC is loaded: it looks once. ``GRPC_*`` would choose ciphers, proxies and pollers, and have
    messages written into the log. Only a ``GRPC_VERBOSITY`` that is one stays; without it gRPC's core is silent, whose
    lines would stand between those of the party's log.
    """
    for name in list(os.environ):
        is_level = name == "GRPC_VERBOSITY" and os.environ[name].upper() in _LEVELS
        if name in _FOREIGN or (name.startswith("GRPC_") and not is_level):
            del os.environ[name]
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")


def settle_process() -> None:
    """Make this process one that can be stopped, keeps its files to itself and may open enough of them.

    To be called on the main thread, before anything is written or started. SIGHUP is left as it is: whoever starts a
    command with ``nohup`` wants it to stay.

    Raises: CONFIG_INVALID when the system allows fewer than :data:`FEWEST_FILES` open files.
    """
    _can_be_stopped()
    _writes_for_its_owner()
    _opens_enough_files()
    _leaves_no_memory_behind()


def _can_be_stopped() -> None:
    """Signals that were ignored or held back stay so across the start of a program, for ever."""
    for number in _ENDING:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL)
    if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:  # the system would not tell how a child ended
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {*_ENDING, signal.SIGHUP, signal.SIGCHLD})


def _writes_for_its_owner() -> None:
    """Others never write to our files, and we always may; whether they read the public ones is the starter's choice."""
    inherited = os.umask(0o022)
    os.umask(0o022 | inherited & 0o077)


def _opens_enough_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if wanted < FEWEST_FILES:
        where = f"limit of open files: {wanted}, and {FEWEST_FILES} are needed; raise it with: ulimit -Hn 1024"
        raise WarifuError(Reason.CONFIG_INVALID, where=where)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _leaves_no_memory_behind() -> None:
    """A memory dump of a process that crashed would hold its keys, readable by whoever finds it."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
