"""Text that a caller hands over, on its way into a message.

Decides whether it can travel at all: a protobuf string is UTF-8 (proto3 language guide, "Scalar Value Types"), and half a
character, a lone surrogate as a command line or an escape in JSON may bring it, cannot be written so. Knows no message.
"""

from __future__ import annotations

from collections.abc import Iterable

from warifu.errors import Reason, WarifuError

__all__ = ["sendable", "sendable_each"]


def sendable(text: str, where: str) -> str:
    """``text`` as it is. Raises: REQUEST_MALFORMED at ``where``, the field, when it has no UTF-8."""
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise WarifuError(Reason.REQUEST_MALFORMED, where=where)
    return text


def sendable_each(texts: Iterable[str], where: str) -> list[str]:
    """All of ``texts``. Raises: as :func:`sendable`, with the position in ``where``."""
    return [sendable(text, f"{where}[{position}]") for position, text in enumerate(texts)]
