"""Random bytes that are the same each time, and are kept: whoever recomputes a vector needs them."""

from __future__ import annotations

import hashlib

__all__ = ["Drawn"]


class Drawn:
    """Gives random bytes, as ``secrets.token_bytes`` does, and remembers what it gave."""

    def __init__(self, name: str) -> None:
        """``name`` tells one stream from another."""
        self._name = name
        self.given: list[str] = []
        """In hexadecimal, in the order given."""

    def __call__(self, size: int) -> bytes:
        """``size`` bytes: SHAKE256 of the stream's name and how many were given before."""
        made = hashlib.shake_256(f"SIMULATED {self._name} {len(self.given)}".encode()).digest(size)
        self.given.append(made.hex())
        return made
