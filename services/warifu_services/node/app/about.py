"""What a node tells of itself to whoever looks after it: counts and versions, and nothing about anybody."""

from __future__ import annotations

from warifu.api.party.v1.party_service_pb2 import HoldingCounts
from warifu.exchange.directory import Directory
from warifu.party.folder import PartySettings
from warifu.party.held import Held
from warifu.party.status_servicer import About, DirectoryInForce
from warifu.pki import Identity, Role
from warifu_services.node.store_database import DatabaseNodeStore

__all__ = ["about_node"]


def about_node(settings: PartySettings, directories: Held[Directory], store: DatabaseNodeStore) -> About:
    """What a node tells of itself."""
    own, directory = settings.institution_code, directories.current()

    def in_force() -> DirectoryInForce:
        newest = directories.current()
        entry = newest.entry(own)
        return DirectoryInForce(version=newest.version, epoch=entry.epoch, code_epoch=entry.code_epoch)

    async def counts() -> HoldingCounts:
        told = HoldingCounts(person_count=await store.count_people(), record_count=store.count_records())
        newest = directories.current()
        code_epoch = (newest.announced(own) or newest.entry(own)).code_epoch
        if code_epoch > 1:
            told.code_behind_count = await store.count_behind(code_epoch)
        return told

    return About(
        identity=Identity(network=directory.network, role=Role.AGENCY, institution=own),
        suite=directory.suite,
        directory=in_force,
        counts=counts,
    )
