"""What one of many calls failed with: as a message, because a stream has one status only, and read again.

Decides what of an error travels, and what a reason of a later version is here. Knows no call.
"""

from __future__ import annotations

from warifu.api.type.v1.inquiry_pb2 import CallFailure
from warifu.errors import CATALOGUE, Reason, WarifuError
from warifu.rpc.status import WHERE_LIMIT

__all__ = ["error_of", "failure_message"]


def failure_message(error: WarifuError) -> CallFailure:
    """How one of many calls failed, as a message."""
    return CallFailure(reason=error.reason.value, where=error.where[:WHERE_LIMIT], definite=error.definite)


def error_of(failure: CallFailure) -> WarifuError:
    """What one call on a stream ended with. A reason of a later version is INTERNAL here, and as definite as it says."""
    where = failure.where[:WHERE_LIMIT]
    if failure.reason not in Reason.__members__:
        return WarifuError(Reason.INTERNAL, where=where, definite=failure.definite)
    reason = Reason[failure.reason]
    told = failure.definite or not failure.HasField("definite")
    return WarifuError(reason, where=where, definite=CATALOGUE[reason].definite and told)
