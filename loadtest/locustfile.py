"""What locust loads. The order matters: locust patches first, then gRPC learns of gevent, then channels may exist."""

from __future__ import annotations

import locust  # noqa: F401  # patches the standard library for gevent; must come before grpc
from grpc.experimental import gevent

gevent.init_gevent()

import final_stats  # noqa: E402, F401  # writes the figures when locust quits
import last_calls  # noqa: E402, F401  # has open calls counted
from users import AgencyUser  # noqa: E402  # only now may a channel be made

__all__ = ["AgencyUser"]
