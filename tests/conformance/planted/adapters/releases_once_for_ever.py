"""What was released once it gives to everybody from then on."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.conformance.honest_adapter import HonestAdapter, Looked, Told

CAUGHT_BY = "adapter.clerk.pending"


class Planted(HonestAdapter):
    _released: ClassVar[set[str]] = set()

    async def looked_up(self, request: Looked, context: Any) -> Told:
        asked = Looked()
        asked.CopyFrom(request)
        if request.released:
            self._released.add(request.local_number)
        asked.released = request.local_number in self._released
        return await super().looked_up(asked, context)
