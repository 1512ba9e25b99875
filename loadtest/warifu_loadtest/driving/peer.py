"""Has ghz, where it is installed, make the same calls as a clerk, at the same rate and to the same node.

Starts that one program; it is never fetched. First this process makes its calls, then ghz its own: each has the network for
itself.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from gevent.event import Event  # type: ignore[import-untyped]  # publishes no types
from google.protobuf.json_format import MessageToDict

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu_loadtest.deciding.histogram import Histogram
from warifu_loadtest.deciding.peer import Peer, ghz_command, ghz_saw
from warifu_loadtest.deciding.stage import Part
from warifu_loadtest.deciding.tally import ANSWERED, PENDING
from warifu_loadtest.driving.neighbourhood import Neighbourhood, Office
from warifu_loadtest.driving.process import Process
from warifu_loadtest.users.clerk import INQUIRE, inquiry_of

__all__ = ["compared"]

_PROTOS = Path(__file__).resolve().parents[3] / "protos"
_SECONDS, _MOST_PER_S = 5.0, 50.0
_PATIENCE_S = 60.0


def compared(process: Process, rate: float, cut: Event) -> Peer | None:
    """What both saw of one clerk's inquiries; None where there is no ghz, or no clerk."""
    program, offices = shutil.which("ghz"), process.around.offices
    clerk = next((f"{office.kind}_clerk" for office in offices if f"{office.kind}_clerk" in process.able), None)
    if program is None or clerk is None or cut.is_set():
        return None
    rate = min(rate, _MOST_PER_S)
    office = next(office for office in offices if clerk == f"{office.kind}_clerk")
    ours = _answered(process.run({"rates": {clerk: rate}, "seconds": _SECONDS, "seed": "beside ghz"}, cut))
    try:
        theirs, said = _ghz(program, process.around, office, rate), ""
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        theirs, said = Histogram(), f"{type(error).__name__}: {error}"
    return Peer(rpc=INQUIRE, ours=ours, theirs=theirs, said=said)


def _answered(part: Part) -> Histogram:
    found = Histogram()
    for end, line in part.tally.lines():
        if end.rpc == INQUIRE and end.reason in (ANSWERED, PENDING):
            found.merge(line.took)
    return found


def _ghz(program: str, around: Neighbourhood, office: Office, rate: float) -> Histogram:
    way, count = around.described.to_node(office.agency), round(rate * _SECONDS)
    asked = [
        MessageToDict(node_pb2.InquireRequest(inquiry=inquiry_of(around, office)), preserving_proto_field_name=True)
        for _ in range(count)
    ]
    with tempfile.TemporaryDirectory(prefix="warifu-ghz-") as folder:
        messages, out = Path(folder) / "asked.json", Path(folder) / "report.json"
        messages.write_text(json.dumps(asked), "utf-8")
        command = ghz_command(
            program=program,
            protos=_PROTOS,
            endpoint=way.endpoint,
            certificates={"root": way.root_certificate, "certificate": way.certificate, "key": way.private_key},
            name=way.expect.dns_name,
            messages=messages,
            out=out,
            count=count,
            rate=rate,
        )
        subprocess.run(command, check=True, capture_output=True, timeout=_PATIENCE_S)
        return ghz_saw(json.loads(out.read_bytes()))
