"""What locust loads. The order matters: locust patches first, then gRPC learns of gevent, then channels may exist."""

from __future__ import annotations

import locust  # noqa: F401  # patches the standard library for gevent; must come before grpc
from grpc.experimental import gevent

gevent.init_gevent()

import warifu_loadtest.driving.options  # noqa: E402, F401  # what can be asked
from warifu_loadtest.driving.plugin import Hand  # noqa: E402  # only now may a channel be made

__all__ = ["Hand"]
