"""Keeps records by all that is asked for but the person, as if an exchange were about one."""

from __future__ import annotations

from typing import Any

from tests.conformance.honest_adapter import HonestAdapter, Looked, Told

CAUGHT_BY = "adapter.again.other-person"


class Planted(HonestAdapter):
    _kept: tuple[bytes, Told] = (b"", Told())

    async def looked_up(self, request: Looked, context: Any) -> Told:
        like = Looked()
        like.CopyFrom(request)
        like.local_number = ""
        key, told = self._kept
        if key == like.SerializeToString(deterministic=True) and told.record:
            return Told(
                **{field.name: value for field, value in told.ListFields() if field.name != "local_number"},
                local_number=request.local_number,
            )
        self._kept = (like.SerializeToString(deterministic=True), await super().looked_up(request, context))
        return self._kept[1]
