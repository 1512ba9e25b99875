"""The hub takes cosignatures of witnesses that it knows, of its own checkpoints, and shows the newest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from warifu.errors import Reason, WarifuError
from warifu.exchange.signature import SigningKey
from warifu.tlog.checkpoint import Checkpoint, log_origin, read_checkpoint_unverified, sign_checkpoint
from warifu.tlog.cosignature import Witness, cosign, cosignatures
from warifu.tlog.note import Verifier, signatures_of
from warifu_hub.cosigned_store import CosignedStore
from warifu_hub.cosigning import Cosigning
from warifu_hub.ledger import Ledger
from warifu_hub.store_database import DatabaseHubStore

ORIGIN, LOG_KEY = log_origin("sim-test"), SigningKey.generate()
KEYS = [SigningKey.generate() for _ in range(3)]
WITNESSES = [Witness(f"warifu.test/sim-test/witness/{number}", key.verify_key) for number, key in enumerate(KEYS)]
STRANGER = WITNESSES.pop()


class Hub:
    """What of a hub decides about cosignatures; it knows two witnesses."""

    def __init__(self, path: Path) -> None:
        self.store = DatabaseHubStore(path)
        self.ledger = Ledger(self.store, log_key=LOG_KEY.to_bytes(), verifier=Verifier(ORIGIN, LOG_KEY.verify_key))
        self.cosigning = Cosigning(self.ledger, CosignedStore(self.store.database), WITNESSES)

    async def grow(self, count: int = 1) -> bytes:
        for _ in range(count):
            await self.store.append_leaf(b"leaf %d" % self.store.leaf_count())
        return await self.ledger.publish()

    def times(self) -> dict[str, int]:
        return {each.witness.name[-1]: each.time for each in cosignatures(self.cosigning.newest(), WITNESSES)}

    async def refused(self, note: bytes) -> str:
        kept = self.cosigning.newest()
        with pytest.raises(WarifuError) as caught:
            await self.cosigning.add(note)
        assert caught.value.reason is Reason.REQUEST_MALFORMED
        assert self.cosigning.newest() == kept
        return caught.value.where


def by(number: int, note: bytes, time: int = 5) -> bytes:
    return cosign(note, [*WITNESSES, STRANGER][number], KEYS[number].to_bytes(), time)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    made = Hub(tmp_path / "hub.sqlite3")
    yield made
    made.store.close()


async def test_there_is_none_before_the_first(hub: Hub) -> None:
    await hub.grow()
    assert hub.cosigning.newest() == b""


async def test_cosignatures_of_one_checkpoint_come_together_and_a_later_one_of_the_same_witness_counts(
    hub: Hub,
) -> None:
    note = await hub.grow(3)
    await hub.cosigning.add(by(0, note, 5))
    await hub.cosigning.add(by(1, note, 6))
    assert hub.times() == {"0": 5, "1": 6}
    await hub.cosigning.add(by(0, note, 9))
    assert hub.times() == {"0": 9, "1": 6}


async def test_the_newest_checkpoint_is_kept_and_one_before_it_changes_nothing(hub: Hub, tmp_path: Path) -> None:
    older, newer = await hub.grow(3), await hub.grow(2)
    await hub.cosigning.add(by(0, newer))
    await hub.cosigning.add(by(1, older))
    assert read_checkpoint_unverified(hub.cosigning.newest()).size == 5
    assert hub.times() == {"0": 5}
    hub.store.close()
    again = Hub(tmp_path / "hub.sqlite3")
    assert again.times() == {"0": 5}
    again.store.close()


async def test_without_a_witness_that_is_known_it_is_refused(hub: Hub) -> None:
    note = await hub.grow()
    assert await hub.refused(note) == "cosigned_note: no cosignature of a witness known here"
    assert await hub.refused(by(2, note)) == "cosigned_note: no cosignature of a witness known here"


async def test_lines_of_strangers_are_not_kept(hub: Hub) -> None:
    await hub.cosigning.add(by(2, by(0, await hub.grow())))
    assert [name for name, _ in signatures_of(hub.cosigning.newest())] == [ORIGIN, WITNESSES[0].name]


async def test_a_signature_that_does_not_verify_is_refused(hub: Hub) -> None:
    note = await hub.grow()
    assert "bad cosignature" in await hub.refused(cosign(note, WITNESSES[0], KEYS[1].to_bytes(), 5))


async def test_what_is_no_checkpoint_of_this_log_is_refused(hub: Hub) -> None:
    await hub.grow(4)
    other = Checkpoint(origin=ORIGIN, size=3, root_hash=bytes(32))
    assert await hub.refused(by(0, sign_checkpoint(other, LOG_KEY.to_bytes()))) == (
        "cosigned_note: no checkpoint of this log"
    )
    assert "no signature by a trusted key" in await hub.refused(by(0, sign_checkpoint(other, KEYS[0].to_bytes())))
    assert "not a signed note" in await hub.refused(b"nonsense")
