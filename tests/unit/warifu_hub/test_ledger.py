"""The hub's log: what was published binds it, and anyone with the public key can tell."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from warifu.errors import Reason, WarifuError
from warifu.exchange.signature import SigningKey
from warifu.tlog.checkpoint import log_origin, open_checkpoint
from warifu.tlog.note import Verifier
from warifu.tlog.verify import verify_entry, verify_extends
from warifu_hub.ledger import Ledger
from warifu_hub.store_database import DatabaseHubStore
from warifu_hub.store_memory import MemoryHubStore

KEY = SigningKey.generate()
VERIFIER = Verifier(log_origin("sim-test"), KEY.verify_key)


def ledger_over(store: MemoryHubStore | DatabaseHubStore) -> Ledger:
    return Ledger(store, log_key=KEY.to_bytes(), verifier=VERIFIER)


@pytest.fixture
def store() -> MemoryHubStore:
    return MemoryHubStore()


@pytest.fixture
def ledger(store: MemoryHubStore) -> Ledger:
    return ledger_over(store)


async def sequence(store: MemoryHubStore | DatabaseHubStore, *leaves: bytes) -> None:
    for leaf in leaves:
        await store.append_leaf(leaf)


async def test_a_checkpoint_covers_everything_sequenced_and_verifies_with_the_public_key(
    store: MemoryHubStore, ledger: Ledger
) -> None:
    await sequence(store, b"a", b"b", b"c")
    note = await ledger.publish()
    checkpoint = open_checkpoint(note, Verifier.parse(VERIFIER.vkey))
    assert (checkpoint.size, checkpoint.origin) == (3, log_origin("sim-test"))
    assert store.published_checkpoint() == note


async def test_an_empty_log_has_a_checkpoint_too(ledger: Ledger) -> None:
    assert open_checkpoint(await ledger.publish(), VERIFIER).size == 0


async def test_every_leaf_is_shown_to_be_in_every_later_checkpoint(store: MemoryHubStore, ledger: Ledger) -> None:
    leaves = [b"leaf %d" % number for number in range(13)]
    for size, leaf in enumerate(leaves, start=1):
        await sequence(store, leaf)
        note = await ledger.publish()
        for position in range(size):
            proof = ledger.inclusion_proof(position, size)
            verify_entry(leaf=leaves[position], index=position, proof=proof, signed_checkpoint=note, vkey=VERIFIER.vkey)


async def test_every_checkpoint_extends_every_earlier_one(store: MemoryHubStore, ledger: Ledger) -> None:
    notes = [await ledger.publish()]
    for number in range(9):
        await sequence(store, b"leaf %d" % number)
        notes.append(await ledger.publish())
    for first, old in enumerate(notes):
        for second, new in enumerate(notes[first:], start=first):
            proof = ledger.consistency_proof(first, second)
            verify_extends(old_checkpoint=old, new_checkpoint=new, proof=proof, vkey=VERIFIER.vkey)


async def test_proofs_come_from_leaves_sequenced_since_the_last_checkpoint_too(
    store: MemoryHubStore, ledger: Ledger
) -> None:
    await sequence(store, b"a", b"b")
    proof = ledger.inclusion_proof(1, 2)
    note = await ledger.publish()
    verify_entry(leaf=b"b", index=1, proof=proof, signed_checkpoint=note, vkey=VERIFIER.vkey)


@pytest.mark.parametrize(("position", "size"), [(0, 0), (2, 2), (3, 2), (0, 4), (-1, 2), (0, 2**63), (2**63, 2**64)])
async def test_a_proof_beyond_the_log_is_refused(
    store: MemoryHubStore, ledger: Ledger, position: int, size: int
) -> None:
    await sequence(store, b"a", b"b", b"c")
    with pytest.raises(WarifuError) as refused:
        ledger.inclusion_proof(position, size)
    assert refused.value.reason is Reason.REQUEST_MALFORMED


@pytest.mark.parametrize(("first", "second"), [(2, 1), (0, 4), (4, 4), (-1, 2), (2**63, 2**64)])
async def test_a_consistency_proof_beyond_the_log_is_refused(
    store: MemoryHubStore, ledger: Ledger, first: int, second: int
) -> None:
    await sequence(store, b"a", b"b", b"c")
    with pytest.raises(WarifuError) as refused:
        ledger.consistency_proof(first, second)
    assert refused.value.reason is Reason.REQUEST_MALFORMED


async def test_a_checkpoint_asked_for_again_is_the_same_and_needs_no_disk(
    store: MemoryHubStore, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sequence(store, b"a")
    note = await ledger.publish()

    async def full(*_: object) -> None:
        raise WarifuError(Reason.LOG_UNAVAILABLE)

    monkeypatch.setattr(store, "publish_checkpoint", full)
    assert await ledger.publish() == note
    await sequence(store, b"b")
    with pytest.raises(WarifuError) as refused:
        await ledger.publish()
    assert refused.value.reason is Reason.LOG_UNAVAILABLE


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "hub.sqlite3"


@pytest.fixture
def tamper(file: Path) -> Callable[[str], None]:
    """Change the closed file as somebody with access to the disk could."""

    def change(sql: str) -> None:
        connection = sqlite3.connect(file)
        connection.execute(sql)
        connection.commit()
        connection.close()

    return change


@pytest.fixture
async def published(file: Path) -> bytes:
    """A log of seven leaves on disk, published, and an eighth sequenced since."""
    store = DatabaseHubStore(file)
    ledger = ledger_over(store)
    await sequence(store, *(b"leaf %d" % number for number in range(7)))
    note = await ledger.publish()
    await sequence(store, b"leaf 7")
    store.close()
    return note


@pytest.fixture
def reopened(file: Path) -> Iterator[Callable[[], Ledger]]:
    stores = []

    def reopen() -> Ledger:
        stores.append(DatabaseHubStore(file))
        return ledger_over(stores[-1])

    yield reopen
    for store in stores:
        store.close()


async def test_an_untouched_log_goes_on_where_it_was(published: bytes, reopened: Callable[[], Ledger]) -> None:
    ledger = reopened()
    note = await ledger.publish()
    assert open_checkpoint(note, VERIFIER).size == 8
    verify_extends(
        old_checkpoint=published, new_checkpoint=note, proof=ledger.consistency_proof(7, 8), vkey=VERIFIER.vkey
    )


TAMPERING = {
    "a changed leaf": "UPDATE leaf SET leaf = x'6c656166203f' WHERE position = 3",
    "the first leaf gone": "DELETE FROM leaf WHERE position = 0",
    "a leaf gone in the middle": "DELETE FROM leaf WHERE position = 3",
    "the end cut off": "DELETE FROM leaf WHERE position >= 6",
    "every leaf gone": "DELETE FROM leaf",
    "two leaves exchanged": "UPDATE leaf SET leaf = (SELECT leaf FROM leaf AS other WHERE other.position ="
    " CASE leaf.position WHEN 2 THEN 4 ELSE 2 END) WHERE position IN (2, 4)",
    "one bit of a leaf": "UPDATE leaf SET leaf = x'6c65616620b6' WHERE position = 6",
    "another checkpoint": "UPDATE checkpoint SET signed_note = x'00'",
    "a cut checkpoint": "UPDATE checkpoint SET signed_note = substr(signed_note, 1, 40)",
}


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("case", TAMPERING)
async def test_a_log_that_was_changed_on_disk_refuses_to_start(
    tamper: Callable[[str], None], reopened: Callable[[], Ledger], case: str
) -> None:
    tamper(TAMPERING[case])
    with pytest.raises(WarifuError) as refused:
        reopened()
    assert refused.value.reason is Reason.LOG_INVALID


@pytest.mark.usefixtures("published")
async def test_a_checkpoint_of_another_key_refuses_to_start(file: Path) -> None:
    other = SigningKey.generate()
    verifier = Verifier(log_origin("sim-test"), other.verify_key)
    store = DatabaseHubStore(file)
    with pytest.raises(WarifuError) as refused:
        Ledger(store, log_key=other.to_bytes(), verifier=verifier)
    assert refused.value.reason is Reason.LOG_INVALID
    store.close()


async def test_a_longer_log_than_one_chunk_is_integrated_whole(store: MemoryHubStore) -> None:
    await sequence(store, *(number.to_bytes(4, "big") for number in range(9000)))
    ledger = ledger_over(store)
    note = await ledger.publish()
    proof = ledger.inclusion_proof(8191, 9000)
    leaf = (8191).to_bytes(4, "big")
    verify_entry(leaf=leaf, index=8191, proof=proof, signed_checkpoint=note, vkey=VERIFIER.vkey)
