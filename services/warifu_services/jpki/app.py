"""The certificate authority as one process: what is made from what, and nothing else.

Read it top to bottom: files, store, roots, issuing and answering, servers. It refuses to start when the parts of its folder do not belong
together. It is told of no other party: nobody is asked here, and the hub least of all.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import grpc
from cryptography.hazmat.primitives.serialization import Encoding

from warifu.api.jpki.v1.card_service_pb2_grpc import add_CardServiceServicer_to_server
from warifu.api.jpki.v1.certificate_service_pb2_grpc import add_CertificateServiceServicer_to_server
from warifu.api.party.v1.party_service_pb2 import HoldingCounts
from warifu.api.party.v1.party_service_pb2_grpc import add_PartyServiceServicer_to_server
from warifu.clock import Clock, SystemClock
from warifu.errors import Reason, WarifuError
from warifu.jpki.profile import CertificateUse
from warifu.party.chores import Chores
from warifu.party.folder import PartyFolder
from warifu.party.groundwork import Groundwork
from warifu.party.lookout import Lookout
from warifu.party.process import announce_ready, serve_until
from warifu.party.status_servicer import PARTY_ACCESS, About, DirectoryInForce, StatusServicer
from warifu.pki import Role, write_public_file
from warifu.rpc.server import MakeService
from warifu_services.jpki.card_servicer import CARD_ACCESS, CardServicer
from warifu_services.jpki.cards import CardOffice
from warifu_services.jpki.certifying import RootKey
from warifu_services.jpki.consents import Consents
from warifu_services.jpki.issuing import Issuer
from warifu_services.jpki.ocsp_http import HttpEndpoint
from warifu_services.jpki.responding import Responder
from warifu_services.jpki.roots import read_root_key
from warifu_services.jpki.servicer import CERTIFICATE_ACCESS, CertificateServicer
from warifu_services.jpki.store import JpkiStore

__all__ = ["CertificateAuthority", "build_jpki", "run_jpki"]

_HTTP_FILE: Final = "http.json"
_WORKERS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateAuthority:
    """An authority that is built and not yet started. ``endpoint`` is where it listens for gRPC."""

    server: grpc.aio.Server
    endpoint: str
    store: JpkiStore
    lookout: Lookout
    workers: ThreadPoolExecutor
    http: HttpEndpoint
    servicer: CertificateServicer
    folder: Path

    async def start(self) -> None:
        """Serve, over HTTP at the port that it had last where that can be had."""
        host = self.endpoint.rpartition(":")[0]
        port = await self.http.start(_loopback(host), _port_kept(self.folder / _HTTP_FILE))
        self.servicer.http_endpoint = f"{host if _loopback(host) == host.strip('[]') else '127.0.0.1'}:{port}"
        write_public_file(self.folder / _HTTP_FILE, json.dumps({"http_endpoint": self.servicer.http_endpoint}).encode())
        await self.server.start()
        self.lookout.serving_at(self.endpoint)

    async def close(self) -> None:
        """Let go of HTTP, the worker threads and the store, in that order. Stop the server first."""
        await self.http.stop()
        self.workers.shutdown()
        self.store.close()


def build_jpki(
    folder: PartyFolder,
    *,
    listen: str | None = None,
    clock: Clock | None = None,
    server_interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
    beside: MakeService | None = None,
) -> CertificateAuthority:
    """Build the authority that lives in ``folder``, inside its event loop. ``listen`` stands in for the folder's own setting.

    Raises:
        WarifuError: CONFIG_INVALID, KEY_INVALID, FILE_INVALID or STORE_UNAVAILABLE, naming the file.
    """
    ground = Groundwork.of("jpki", folder, clock or SystemClock(), beside)
    if ground.settings.role != Role.JPKI.value:
        raise WarifuError(Reason.CONFIG_INVALID, where="party.json: role is not jpki")
    if ground.settings.store is not None:
        raise WarifuError(Reason.CONFIG_INVALID, where="party.json: store: this party keeps its rows in its folder")
    roots = {use: read_root_key(folder.path, use) for use in CertificateUse}
    with ExitStack() as undo:  # what was opened is closed again when the rest cannot be built
        store = JpkiStore(folder.path / "jpki.sqlite3")
        undo.callback(store.close)
        workers = ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix="jpki")
        undo.callback(workers.shutdown)
        built = _built(ground, roots, store, workers, listen, server_interceptors)
        undo.pop_all()
        return built


def _built(
    ground: Groundwork,
    roots: Mapping[CertificateUse, RootKey],
    store: JpkiStore,
    workers: ThreadPoolExecutor,
    listen: str | None,
    interceptors: Sequence[grpc.aio.ServerInterceptor],
) -> CertificateAuthority:
    responder = Responder(roots=roots, store=store, clock=ground.clock)
    servicer = CertificateServicer(
        issuer=Issuer(roots=roots, store=store, clock=ground.clock, workers=workers),
        responder=responder,
        consents=Consents(store=store, clock=ground.clock),
        store=store,
        roots=roots,
    )
    cards = CardServicer(office=CardOffice(store=store, clock=ground.clock), store=store)
    lookout = ground.lookout(store.database)
    server, endpoint = ground.server(
        [
            (add_CertificateServiceServicer_to_server, servicer),
            (add_CardServiceServicer_to_server, cards),
            (add_PartyServiceServicer_to_server, StatusServicer(_about(ground, store), lookout)),
        ],
        access={**CERTIFICATE_ACCESS, **CARD_ACCESS, **PARTY_ACCESS},
        health_servicer=lookout.health,
        interceptors=interceptors,
        listen=listen,
    )
    return CertificateAuthority(
        server=server,
        endpoint=endpoint,
        store=store,
        lookout=lookout,
        workers=workers,
        http=HttpEndpoint(responder.answer, _pages(roots, responder)),
        servicer=servicer,
        folder=ground.folder.path,
    )


def _pages(roots: Mapping[CertificateUse, RootKey], responder: Responder) -> dict[str, tuple[str, Callable[[], bytes]]]:
    pages: dict[str, tuple[str, Callable[[], bytes]]] = {}
    for use, root in roots.items():
        pages[f"/{use.value}.crl"] = ("application/pkix-crl", partial(responder.revocation_list, use))
        der = root.certificate.public_bytes(Encoding.DER)
        pages[f"/{use.value}-root.cer"] = ("application/pkix-cert", partial(bytes, der))
    return pages


def _about(ground: Groundwork, store: JpkiStore) -> About:
    """What the authority tells of itself. It goes by no directory, and its network's suite is nothing to it."""

    async def counts() -> HoldingCounts:
        return HoldingCounts(certificate_count=store.count())

    return About(
        identity=ground.folder.identity(),
        suite=0,
        directory=lambda: DirectoryInForce(version=0, epoch=0),
        counts=counts,
    )


def _loopback(host: str) -> str:
    """Where HTTP listens: on the loopback interface, whatever gRPC does."""
    return "::1" if host.startswith("[::1") else "127.0.0.1"


def _port_kept(path: Path) -> int:
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        port = int(json.loads(path.read_bytes())["http_endpoint"].rpartition(":")[2])
        if 0 < port < 1 << 16:
            return port
    return 0


async def run_jpki(
    stop: asyncio.Event,
    path: Path,
    *,
    listen: str | None = None,
    clock: Clock | None = None,
    server_interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
    beside: MakeService | None = None,
) -> None:
    """Run the authority in ``path`` until ``stop`` is set; says on standard output where it listens."""
    authority = build_jpki(
        PartyFolder(path), listen=listen, clock=clock, server_interceptors=server_interceptors, beside=beside
    )
    await authority.start()
    chores = Chores("jpki", authority.lookout.alarms)
    chores.begin("lookout", authority.lookout.keep)
    announce_ready(party="jpki", endpoint=authority.endpoint)
    await serve_until(stop, authority.server)
    await chores.end()
    await authority.close()
