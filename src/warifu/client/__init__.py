"""Calling a network from outside: what business systems, the supervisor and load tests use.

- ``connection``: how to reach a party, read from ``network.json``
- ``asynchronous``: a client for each service, for callers with an event loop
- ``blocking``, ``blocking_elsewhere``: those of node, hub and authority once more, for callers without one

Decides where a party is, who must answer there, with which certificate, and what a broken call means. It decides nothing
about people or procedures, and holds no key but the caller's certificate. No party's own process uses it.
"""

from __future__ import annotations

from warifu.client.asynchronous import AuthorityClient, LogClient, NodeClient, PartyClient, SupervisionClient
from warifu.client.blocking import BlockingNodeClient
from warifu.client.blocking_elsewhere import BlockingAuthorityClient, BlockingLogClient, BlockingSupervisionClient
from warifu.client.blocking_jpki import BlockingCardClient, BlockingVerifierClient
from warifu.client.connection import Connection, NetworkDescription
from warifu.client.paged import Paged

__all__ = [
    "AuthorityClient",
    "BlockingAuthorityClient",
    "BlockingCardClient",
    "BlockingLogClient",
    "BlockingNodeClient",
    "BlockingSupervisionClient",
    "BlockingVerifierClient",
    "Connection",
    "LogClient",
    "NetworkDescription",
    "NodeClient",
    "Paged",
    "PartyClient",
    "SupervisionClient",
]
