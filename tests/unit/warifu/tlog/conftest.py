"""What the tests of the log share: published vectors, a signing key, and a small log made on demand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nacl.signing
import pytest

from warifu.tlog import Checkpoint, MerkleTree, Verifier, leaf_hash, log_origin, sign_checkpoint

VECTORS = Path(__file__).parents[3] / "vectors"


@pytest.fixture
def load_vectors() -> Callable[[str], dict[str, Any]]:
    def load(name: str) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((VECTORS / name).read_text(encoding="utf-8"))
        return loaded

    return load


@pytest.fixture
def origin() -> str:
    return log_origin("test-network")


@pytest.fixture
def seed() -> bytes:
    return bytes(range(32))


@pytest.fixture
def vkey(origin: str, seed: bytes) -> str:
    return Verifier(origin, bytes(nacl.signing.SigningKey(seed).verify_key)).vkey


@pytest.fixture
def publish(origin: str, seed: bytes) -> Callable[[list[bytes]], bytes]:
    def sign_entries(entries: list[bytes]) -> bytes:
        root = MerkleTree(map(leaf_hash, entries)).root()
        return sign_checkpoint(Checkpoint(origin=origin, size=len(entries), root_hash=root), seed)

    return sign_entries
