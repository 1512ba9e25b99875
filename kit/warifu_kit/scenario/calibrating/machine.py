"""The machine that costs were measured on, in a few words: costs belong to it and to no other."""

from __future__ import annotations

import os
import platform
from pathlib import Path

__all__ = ["machine"]


def machine() -> dict[str, str]:
    """Processor, cores that this process may use, memory, system, Python, and how busy it was before. No name of it."""
    return {
        "cpu": _first_field(Path("/proc/cpuinfo"), "model name") or platform.machine(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": _first_field(Path("/proc/meminfo"), "MemTotal"),
        "system": platform.system(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "load_before": f"{os.getloadavg()[0]:.1f}",
    }


def _first_field(path: Path, name: str) -> str:
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
