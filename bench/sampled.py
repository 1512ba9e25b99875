"""Runs a program, and writes down where its processor time went.

    python bench/sampled.py OUT.folded SCRIPT words...
    python bench/sampled.py OUT.folded -m MODULE words...

Every millisecond of processor time the functions that the main thread is in are noted; time of other threads and of gRPC's own
counts where the main thread is then. One line a stack: functions from the outermost, ``;`` between them, a space, how often.
"""

from __future__ import annotations

import atexit
import runpy
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

_EVERY_S = 0.001
_ROOT = str(Path(__file__).parents[1])


def _named(frame: FrameType) -> str:
    """Where the project's own function is, or the package of somebody else's."""
    path = frame.f_code.co_filename
    if path.startswith(_ROOT) and "site-packages" not in path:
        return f"{Path(path).stem}.{frame.f_code.co_qualname.replace('<locals>.', '')}"
    package = path.rpartition("site-packages/")[2] if "site-packages/" in path else Path(path).stem
    return package.split("/")[0].removesuffix(".py")


def _stack(frame: FrameType | None) -> tuple[str, ...]:
    names: list[str] = []
    while frame is not None:
        name = _named(frame)
        if not names or names[-1] != name:
            names.append(name)
        frame = frame.f_back
    return tuple(reversed(names))


def main() -> None:
    """Run the program that the command line names."""
    out, *words = sys.argv[1:]
    found: Counter[tuple[str, ...]] = Counter()
    signal.signal(signal.SIGPROF, lambda _, frame: found.update([_stack(frame)]))
    signal.siginterrupt(signal.SIGPROF, False)

    def write() -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        lines = [f"{';'.join(stack)} {count}\n" for stack, count in found.items() if stack]
        Path(out).write_text("".join(sorted(lines)), "utf-8")

    atexit.register(write)
    signal.setitimer(signal.ITIMER_PROF, _EVERY_S, _EVERY_S)
    if words[0] == "-m":
        sys.argv = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = words
        sys.path.insert(0, str(Path(words[0]).parent))
        runpy.run_path(words[0], run_name="__main__")


if __name__ == "__main__":
    main()
