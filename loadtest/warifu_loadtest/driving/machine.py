"""What figures were measured on: the machine and the programs of one process that makes calls, and its TLS.

Reads the kernel's files, and makes one handshake. Tells nothing of keys.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import socket
import ssl
from contextlib import closing
from pathlib import Path

from warifu.client import Connection

__all__ = ["machine", "tls_mode"]

_PATIENCE_S = 5.0


def machine() -> dict[str, str]:
    """This machine, in words. ``host`` is its name."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "host": platform.node(),
        "processor": _field("/proc/cpuinfo", "model name") or platform.machine(),
        "cores": str(cores),
        "memory": _field("/proc/meminfo", "MemTotal"),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "grpcio": importlib.metadata.version("grpcio"),
        "locust": importlib.metadata.version("locust"),
        "load": " ".join(f"{load:.1f}" for load in os.getloadavg()),
    }


def tls_mode(way: Connection) -> str:
    """How this process and that party speak TLS, in words; why not, where they do not."""
    host, _, port = way.endpoint.rpartition(":")
    context = ssl.create_default_context(cadata=way.root_pem().decode("ascii"))
    context.set_alpn_protocols(["h2"])
    context.check_hostname = False  # the name is the party's, not the host's; who answers, calls look at
    context.load_cert_chain(way.certificate, way.private_key)
    try:
        with (
            closing(socket.create_connection((host.strip("[]"), int(port)), _PATIENCE_S)) as plain,
            context.wrap_socket(plain, server_hostname=way.expect.dns_name) as secured,
        ):
            suite = secured.cipher()
            return f"mutual, {secured.version()}, {suite[0] if suite else 'no suite'}"
    except OSError as error:
        return f"no handshake: {type(error).__name__}"


def _field(path: str, name: str) -> str:
    try:
        lines = Path(path).read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
