"""What every party stands on, whatever it is for: its folder's settings, its certificate, the revocation list, its alarms.

Decides nothing but that whatever is refused or taken of these files is an alarm begun or ended. What the party is for,
what it stores and whom it calls is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import grpc
from grpc_health.v1 import health  # type: ignore[import-untyped]  # publishes no types

from warifu.clock import Clock
from warifu.party.alarms import AlarmKind, Alarms
from warifu.party.folder import PartyFolder, PartySettings
from warifu.party.lookout import Lookout
from warifu.party.storage import PartyDatabase
from warifu.pki import CredentialFiles, RevocationFile
from warifu.rpc.access import AccessTable
from warifu.rpc.bounds import Bounds
from warifu.rpc.channel import ChannelPool
from warifu.rpc.server import TYPED_MESSAGE_LIMIT, AddService, MakeService, build_server

__all__ = ["Groundwork"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Groundwork:
    """What a party has before it is anything in particular. ``party`` is what it is called in its log.

    ``beside`` makes what its server serves besides what the party is for; nothing unless whoever starts it says so.
    """

    party: str
    folder: PartyFolder
    settings: PartySettings
    root_pem: bytes
    clock: Clock
    alarms: Alarms
    credential: CredentialFiles
    revocations: RevocationFile
    beside: MakeService | None = None

    @classmethod
    def of(cls, party: str, folder: PartyFolder, clock: Clock, beside: MakeService | None = None) -> Groundwork:
        """Read what lies in ``folder``. Raises: CONFIG_INVALID, KEY_INVALID, FILE_INVALID, SIGNATURE_INVALID, naming it."""
        root_pem, alarms = folder.root_pem(), Alarms(party, folder.path, clock)
        return cls(
            party=party,
            folder=folder,
            settings=folder.settings(),
            root_pem=root_pem,
            clock=clock,
            alarms=alarms,
            credential=folder.credential(
                root_pem=root_pem,
                clock=clock,
                on_refused=alarms.refused(AlarmKind.CREDENTIAL_REFUSED),
                on_taken=alarms.taken(AlarmKind.CREDENTIAL_REFUSED),
            ),
            revocations=RevocationFile(
                folder.path / "revoked.pem",
                root_pem,
                clock,
                on_refused=alarms.refused(AlarmKind.REVOCATION_LIST_REFUSED),
                on_taken=alarms.taken(AlarmKind.REVOCATION_LIST_REFUSED),
            ),
            beside=beside,
        )

    def channels(self, interceptors: Sequence[grpc.aio.ClientInterceptor]) -> ChannelPool:
        """Channels to other parties, none to one whose certificate was taken back."""
        return ChannelPool(
            credential=self.credential,
            root_pem=self.root_pem,
            revoked=self.revocations.revoked,
            interceptors=interceptors,
        )

    def lookout(self, database: PartyDatabase) -> Lookout:
        """Whoever looks after the party while it serves."""
        return Lookout(
            alarms=self.alarms,
            credential=self.credential,
            root_pem=self.root_pem,
            revocations=self.revocations,
            database=database,
            clock=self.clock,
        )

    def server(
        self,
        services: Iterable[tuple[AddService, object]],
        *,
        access: AccessTable,
        health_servicer: health.aio.HealthServicer,
        interceptors: Sequence[grpc.aio.ServerInterceptor],
        listen: str | None,
        message_limit: int = TYPED_MESSAGE_LIMIT,
        bounds: Bounds | None = None,
        quick: frozenset[str] = frozenset(),
        shares_port: bool = False,
    ) -> tuple[grpc.aio.Server, str]:
        """The party's server, not yet started, and its endpoint (host:port).

        ``listen`` stands in for the folder's own setting. Raises: as :func:`warifu.rpc.server.build_server`.
        """
        address = listen or self.settings.listen
        server, port = build_server(
            credential=self.credential,
            root_pem=self.root_pem,
            access=access,
            services=services,
            health_servicer=health_servicer,
            revoked=self.revocations.revoked,
            extra_interceptors=interceptors,
            listen=address,
            message_limit=message_limit,
            bounds=bounds,
            quick=quick,
            beside=self.beside,
            shares_port=shares_port,
        )
        return server, f"{address.rpartition(':')[0]}:{port}"
