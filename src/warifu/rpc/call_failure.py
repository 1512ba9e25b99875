"""What one of many calls failed with: as a message, because a stream has one status only, and read again.

Decides what of an error travels, and what a reason of a later version is here. Knows no call.
"""

from __future__ import annotations

from warifu.api.type.v1.inquiry_pb2 import CallFailure
from warifu.errors import CATALOGUE, Reason, WarifuError
from warifu.rpc.status import WHERE_LIMIT, milliseconds, seconds

__all__ = ["error_of", "failure_message"]


def failure_message(error: WarifuError) -> CallFailure:
    """How one of many calls failed, as a message."""
    after_ms = 0 if error.retry_after_s is None else milliseconds(error.retry_after_s)
    where = error.where[:WHERE_LIMIT]
    return CallFailure(reason=error.reason.value, where=where, definite=error.definite, retry_after_ms=after_ms)


def error_of(failure: CallFailure) -> WarifuError:
    """What one call on a stream ended with. A reason of a later version is INTERNAL here, and as definite as it says."""
    where = failure.where[:WHERE_LIMIT]
    if failure.reason not in Reason.__members__:
        return WarifuError(Reason.INTERNAL, where=where, definite=failure.definite)
    reason = Reason[failure.reason]
    told = failure.definite or not failure.HasField("definite")
    definite, after_s = CATALOGUE[reason].definite and told, seconds(failure.retry_after_ms)
    return WarifuError(reason, where=where, definite=definite, retry_after_s=after_s)
