"""How warifu's parties talk: gRPC over mutual TLS, and nothing else.

- ``server``: a server with its credential, its services, health, and one edge around every RPC
- ``edge``: that edge, where a caller is identified and admitted, a message is parsed, an error is translated
- ``access``: who may call which RPC, as a table that must fit the services exactly
- ``identity``: who is calling
- ``channel``: one lasting channel per peer, which pins the peer's identity and follows a replaced certificate
- ``deadline``: how much time is left, and how much of it to pass on
- ``status``: the one place where an error becomes a ``google.rpc.Status`` and back
- ``logging``: JSON lines that can carry no payload

There is no way to serve or call without TLS. Nothing here knows what the messages mean.
"""

from __future__ import annotations

__all__: list[str] = []
