from __future__ import annotations

import inspect
from pathlib import Path

import warifu
from warifu.rpc import channel, server
from warifu.rpc.blocking import BlockingPeerChannel


def test_the_core_never_asks_grpc_for_anything_without_tls() -> None:
    folder = Path(warifu.__file__).parent
    asking = [
        str(path.relative_to(folder))
        for path in folder.rglob("*.py")
        if "insecure" in path.read_text() and "api" not in path.relative_to(folder).parts
    ]
    assert asking == []


def test_a_channel_or_server_cannot_be_made_without_credential_and_root() -> None:
    makers = (channel.secure_channel, channel.secure_channel_sync, channel.PeerChannel, BlockingPeerChannel)
    for make in (*makers, server.build_server):
        parameters = inspect.signature(make).parameters
        assert parameters["credential"].default is inspect.Parameter.empty
        assert parameters["root_pem"].default is inspect.Parameter.empty
