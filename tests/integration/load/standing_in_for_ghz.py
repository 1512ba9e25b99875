"""Stands in for ghz: takes its flags, makes the calls it is told to make, and writes what ghz would write of them."""

from __future__ import annotations

import argparse
import json
import queue
import sys
import time
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.json_format import ParseDict

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.node.v1.node_service_pb2_grpc import NodeServiceStub

STATUSES = {code: "OK" if code is grpc.StatusCode.OK else code.name.title() for code in grpc.StatusCode}


class Call:
    """One call under way."""

    def __init__(self, stub: Any, request: Any) -> None:
        self._took, began = queue.SimpleQueue[int](), time.perf_counter_ns()
        self._call = stub.Inquire.future(request, timeout=60)
        self._call.add_done_callback(lambda _: self._took.put(time.perf_counter_ns() - began))

    def told(self) -> dict[str, Any]:
        """What ghz says of it, once it has ended."""
        return {"latency": self._took.get(), "error": "", "status": STATUSES[self._call.code()]}


def main() -> int:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for word in ("proto", "import-paths", "call", "cacert", "cert", "key", "cname", "data-file", "format", "output"):
        parser.add_argument(f"--{word}", required=True)
    for word in ("total", "rps", "concurrency"):
        parser.add_argument(f"--{word}", type=int, required=True)
    parser.add_argument("--async", action="store_true")
    parser.add_argument("host")
    asked = parser.parse_args()
    if not Path(asked.proto).is_relative_to(asked.import_paths) or not Path(asked.proto).exists():
        parser.error("--proto is not there")
    root, certificate, key = (Path(each).read_bytes() for each in (asked.cacert, asked.cert, asked.key))
    credentials = grpc.ssl_channel_credentials(root, key, certificate)
    named = [("grpc.ssl_target_name_override", asked.cname)]
    messages = json.loads(Path(asked.data_file).read_text("utf-8"))
    calls = []
    with grpc.secure_channel(asked.host, credentials, options=named) as channel:
        stub, began = NodeServiceStub(channel), time.monotonic()
        for place in range(asked.total):  # each when it is due, whatever became of those before, as --async asks
            time.sleep(max(0.0, began + place / asked.rps - time.monotonic()))
            calls.append(Call(stub, ParseDict(messages[place % len(messages)], node_pb2.InquireRequest())))
        details = [call.told() for call in calls]
    Path(asked.output).write_text(json.dumps({"count": len(details), "details": details}), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
