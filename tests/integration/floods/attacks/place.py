"""Where an attack goes, and as whom: a certificate and its key, in files."""

from __future__ import annotations

import json
import ssl
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import grpc


@dataclass(frozen=True)
class Place:
    """``endpoint`` is host:port of the party that is attacked, ``server_name`` the one name in its certificate."""

    endpoint: str
    server_name: str
    certificate: str
    private_key: str
    root: str

    def text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> Place:
        return cls(**json.loads(text))

    def tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.load_cert_chain(self.certificate, self.private_key)
        context.set_alpn_protocols(["h2"])
        return context

    def channel(self, **options: Any) -> grpc.aio.Channel:
        """gRPC's own, on a connection that it shares with no other."""
        read = (Path(name).read_bytes() for name in (self.root, self.private_key, self.certificate))
        credentials = grpc.ssl_channel_credentials(*read)
        own = [
            ("grpc.ssl_target_name_override", self.server_name),
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.enable_http_proxy", 0),
            ("grpc.max_send_message_length", -1),
            *options.items(),
        ]
        return grpc.aio.secure_channel(self.endpoint, credentials, own)


def in_full_swing(**told: Any) -> None:
    """Tell the test that what an attack can reach is reached, or that it goes on as it does."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
