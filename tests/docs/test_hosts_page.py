"""The page on hosts says of pings what servers and channels are set to."""

from __future__ import annotations

import re

from warifu.rpc import channel
from warifu.rpc.server import SERVER_OPTIONS


def test_the_page_says_how_often_a_connection_may_be_pinged(pages: dict[str, str]) -> None:
    page, limits = " ".join(pages["docs/guide/hosts.md"].split()), dict(SERVER_OPTIONS)
    (allowed,) = re.findall(r"ping an idle connection \(HTTP/2 PING\) every (\d+) seconds", page)
    assert int(allowed) * 1000 == limits["grpc.http2.min_ping_interval_without_data_ms"]
    assert limits["grpc.keepalive_permit_without_calls"] == 1, "with calls under way or without"
    assert "grpc.http2.max_ping_strikes" not in limits, "at the third that comes sooner: two are gRPC's default"


def test_the_page_says_how_often_parties_ping_and_how_long_they_wait(pages: dict[str, str]) -> None:
    page = " ".join(pages["docs/guide/hosts.md"].split())
    (pinged, waited) = re.findall(
        r"ping every (\d+) seconds and give a connection up that does not answer within (\d+)", page
    )[0]
    assert (int(pinged), int(waited)) == (channel.KEEPALIVE_S, channel.KEEPALIVE_TIMEOUT_S)
