"""What another load tool saw of the same RPC, beside what was seen here.

Decides how ghz is asked (its command line) and what its report says (``ghz --format json``: nanoseconds, each call by
itself). It starts nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warifu_loadtest.deciding.histogram import Histogram

__all__ = ["Peer", "ghz_command", "ghz_saw"]

_CALL = "warifu.api.node.v1.NodeService.Inquire"
_OK = "OK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One RPC as two tools saw it, at the same rate one after the other; ``said`` is why there is nothing to compare."""

    rpc: str
    ours: Histogram
    theirs: Histogram
    said: str = ""


def ghz_command(
    *,
    program: str,
    protos: Path,
    endpoint: str,
    certificates: Mapping[str, Path],
    name: str,
    messages: Path,
    out: Path,
    count: int,
    rate: float,
) -> list[str]:
    """How ghz makes ``count`` inquiries, those in the file ``messages``, at ``rate`` a second and as an open loop.

    ``certificates`` has the files of ``root``, ``certificate`` and ``key``; ``name`` is the one the node's certificate bears.
    """
    return [
        program,
        "--proto=" + str(protos / "warifu/api/node/v1/node_service.proto"),
        "--import-paths=" + str(protos),
        "--call=" + _CALL,
        "--cacert=" + str(certificates["root"]),
        "--cert=" + str(certificates["certificate"]),
        "--key=" + str(certificates["key"]),
        "--cname=" + name,
        "--data-file=" + str(messages),
        f"--total={count}",
        f"--rps={max(1, round(rate))}",
        "--async",
        "--concurrency=1",
        "--format=json",
        "--output=" + str(out),
        endpoint,
    ]


def ghz_saw(report: Any) -> Histogram:
    """How long the calls took that ghz saw answered. Raises: ValueError when it is no report of ghz, or none was."""
    try:
        took = [round(each["latency"] / 1000) for each in report["details"] if each["status"] == _OK]
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError("what ghz wrote is no report of its calls") from error
    if not took:
        raise ValueError("ghz saw no call answered")
    return Histogram.of(took)
