"""The store of a sequencer: what workers hold of it, they know of before whoever changed it goes on. Else it is the hub's."""

from __future__ import annotations

from warifu.identifiers import InstitutionCode, ItemCode
from warifu.party.place import Place
from warifu_hub.store_database import DatabaseHubStore
from warifu_hub.workers.sequencing import Sequencing

__all__ = ["ToldStore"]


class ToldStore(DatabaseHubStore):
    """:class:`warifu_hub.store.HubStore`. ``workers`` are told once there is somebody who tells them."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.workers: Sequencing | None = None

    async def put_endpoint(self, institution: InstitutionCode, endpoint: str) -> None:
        """See the contract."""
        await super().put_endpoint(institution, endpoint)
        if self.workers is not None:
            await self.workers.tell_moved(institution, endpoint)

    async def set_assessment(
        self, institution: InstitutionCode, item_code: ItemCode, *, withdrawn: bool, leaf: bytes
    ) -> int:
        """See the contract."""
        position = await super().set_assessment(institution, item_code, withdrawn=withdrawn, leaf=leaf)
        if self.workers is not None:
            await self.workers.tell_withdrawn(institution, item_code, withdrawn=withdrawn)
        return position
