"""What every blocking client is: one lasting channel to one party, for callers without an event loop.

Decides nothing but how the channel is made. It uses plain channels and nothing of ``grpc.aio``, which stands still under
gevent. The certificate is read once: make a new client after it was replaced.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from warifu.client.connection import Connection
from warifu.pki import CredentialFiles
from warifu.rpc.blocking import BlockingPeerChannel

__all__ = ["BlockingClient"]


class BlockingClient:
    """A lasting channel to one party. A context manager."""

    def __init__(self, connection: Connection) -> None:
        """Prepare the channel; it connects on the first call.

        Raises: KEY_INVALID, CALLER_NOT_IDENTIFIED; FILE_INVALID or SIGNATURE_INVALID for the revocation list.
        """
        self._channel = BlockingPeerChannel(
            connection.endpoint,
            credential=CredentialFiles(connection.certificate, connection.private_key).current(),
            root_pem=connection.root_pem(),
            expect=connection.expect,
            revoked=connection.revoked(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the channel, with the calls on it."""
        self._channel.close()
