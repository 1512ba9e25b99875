"""The desks from which the demonstration is run: each agency's business system, and the supervisor's.

Decides who calls whom: a business system calls its own node and nothing else, but for the registry, which also has
numbers designated; the supervisor calls the hub. Each has the certificate of its own institution.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from warifu.client import AuthorityClient, LogClient, NetworkDescription, NodeClient, SupervisionClient
from warifu.identifiers import InstitutionCode
from warifu_kit.demo.patience import Patience

__all__ = ["Offices", "open_offices"]

_REGISTRY = "residence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offices:
    """Clients for one network, and the patience they share. ``nodes`` and ``authorities`` are by party.

    ``authorities`` has a client for each registry: whoever registers people has their numbers designated.
    """

    network: NetworkDescription
    nodes: Mapping[str, NodeClient]
    authorities: Mapping[str, AuthorityClient]
    log: LogClient
    supervision: SupervisionClient
    patience: Patience

    def institution(self, agency: str) -> InstitutionCode:
        """The institution code of an agency."""
        return self.network.institution(agency)


@asynccontextmanager
async def open_offices(folder: Path) -> AsyncIterator[Offices]:
    """The offices of the running network in ``folder``. Raises: CONFIG_INVALID, KEY_INVALID."""
    network = NetworkDescription.load(folder)
    agencies = network.agencies()
    registries = [party for party in agencies if network.kind(party) == _REGISTRY]
    async with AsyncExitStack() as stack:
        nodes = {party: NodeClient(network.to_node(party)) for party in agencies}
        authorities = {party: AuthorityClient(network.to_authority(party)) for party in registries}
        for client in (*nodes.values(), *authorities.values()):
            await stack.enter_async_context(client)
        yield Offices(
            network=network,
            nodes=nodes,
            authorities=authorities,
            log=await stack.enter_async_context(LogClient(network.to_hub())),
            supervision=await stack.enter_async_context(SupervisionClient(network.to_hub())),
            patience=Patience(),
        )
