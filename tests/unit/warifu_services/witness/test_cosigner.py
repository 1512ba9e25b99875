"""A witness cosigns what extends everything it cosigned before, and nothing else, whatever becomes of its process."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import nacl.signing
import pytest

from warifu.api.directory.v1.directory_service_pb2 import DirectoryHeader
from warifu.clock import ManualClock
from warifu.errors import Reason, WarifuError
from warifu.exchange.log_views import LogViews
from warifu.tlog.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from warifu.tlog.continuation import NEVER_CONTINUED, Continuation
from warifu.tlog.cosignature import Witness, check_cosigned
from warifu.tlog.merkle import MerkleTree, leaf_hash
from warifu.tlog.note import Verifier, note_of, signatures_of
from warifu_services.witness.app import keep_views
from warifu_services.witness.cosigner import Cosigner
from warifu_services.witness.seen_file import SEEN_FILE, SeenFile

LOG_SEED, SEED = bytes([1]) * 32, bytes([2]) * 32
ORIGIN = "warifu.test/sim-test/exchange-log"
ENTRIES = [b"%d" % place for place in range(24)]


def public(seed: bytes) -> bytes:
    return bytes(nacl.signing.SigningKey(seed).verify_key)


LOG, WITNESS = Verifier(ORIGIN, public(LOG_SEED)), Witness("warifu.test/sim-test/witness/1", public(SEED))


def tree(fork: bytes = b"") -> MerkleTree:
    return MerkleTree([leaf_hash(entry + (fork if place > 2 else b"")) for place, entry in enumerate(ENTRIES)])


class Hub:
    """A hub's log: it shows ``size`` leaves of ``log``, and keeps what it is given."""

    def __init__(self, size: int = 7) -> None:
        self.log, self.size, self.seed = tree(), size, LOG_SEED
        self.continuation = NEVER_CONTINUED
        self.taken: list[bytes] = []
        self.proof: Callable[[int, int], Sequence[bytes]] | None = None

    async def checkpoint(self) -> bytes:
        root, lines = self.log.root(self.size), self.continuation.lines
        return sign_checkpoint(Checkpoint(origin=ORIGIN, size=self.size, root_hash=root, extensions=lines), self.seed)

    async def consistency(self, first: int, second: int) -> Sequence[bytes]:
        if second > self.size:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="second_size")
        return (self.proof or self.log.consistency_proof)(first, second)

    async def leaf(self, position: int, size: int) -> tuple[bytes, Sequence[bytes]]:
        return ENTRIES[position], self.log.inclusion_proof(position, size)

    async def add_cosignature(self, note: bytes) -> None:
        self.taken.append(note)


class Watch:
    """A witness over a folder, and what it kept as evidence."""

    def __init__(self, path: Path, directory: Any, clock: ManualClock) -> None:
        self.path, self.directory, self.clock = path, directory, clock
        self.evidence: list[LogViews] = []
        self.hub = Hub()

    def begin(self, *, told: bool = False) -> Cosigner:
        """The witness, started again."""
        return Cosigner(
            witness=WITNESS,
            key=SEED,
            seen=SeenFile(self.path),
            directory=self.directory,
            clock=self.clock,
            keep_evidence=self.evidence.append,
            told_to_go_on=told,
        )

    async def refused(self, cosigner: Cosigner) -> WarifuError:
        before, seen = list(self.hub.taken), SeenFile(self.path).newest()
        with pytest.raises(WarifuError) as caught:
            await cosigner.cosign_newest(self.hub)
        assert self.hub.taken == before, "nothing was cosigned"
        assert SeenFile(self.path).newest() == seen, "and nothing forgotten"
        return caught.value


class Directory:
    """What a witness reads of a directory."""

    log_verifier_key = LOG.vkey
    header = DirectoryHeader()

    def current(self) -> Directory:
        return self


@pytest.fixture
def watch(tmp_path: Path, start: Any) -> Watch:
    (tmp_path / SEEN_FILE).write_bytes(b"")
    return Watch(tmp_path, Directory(), ManualClock(start))


async def test_the_first_checkpoint_is_cosigned_and_each_that_extends_it(watch: Watch) -> None:
    cosigner = watch.begin()
    for size in (7, 7, 9, 16, 24):
        watch.hub.size = size
        cosigned = await cosigner.cosign_newest(watch.hub)
        assert (cosigned.size, cosigned.time) == (size, watch.clock.unix_ms() // 1000)
        (found,) = check_cosigned(watch.hub.taken[-1], [WITNESS], 1)
        assert found.time == cosigned.time
        assert open_checkpoint(watch.hub.taken[-1], LOG).size == size


async def test_what_was_cosigned_a_moment_ago_is_not_again_until_it_is_old(watch: Watch) -> None:
    cosigner = watch.begin()
    for _ in range(3):
        await cosigner.cosign_newest(watch.hub, again_after_s=60)
    assert len(watch.hub.taken) == 1
    watch.clock.advance(timedelta(seconds=60))
    await cosigner.cosign_newest(watch.hub, again_after_s=60)
    assert len(watch.hub.taken) == 2


async def test_asked_to_go_back_it_refuses_also_after_a_restart(watch: Watch) -> None:
    watch.hub.size = 9
    await watch.begin().cosign_newest(watch.hub)
    watch.hub.size = 8
    for cosigner in (watch.begin(), watch.begin(told=True)):
        error = await watch.refused(cosigner)
        assert (error.reason, error.where) == (Reason.LOG_BEHIND, "log of 8 entries, 9 cosigned before")


@pytest.mark.parametrize("size", [7, 11, 16])
async def test_a_log_that_does_not_extend_what_was_cosigned_is_refused_and_both_are_kept(
    watch: Watch, size: int
) -> None:
    await watch.begin().cosign_newest(watch.hub)
    held = SeenFile(watch.path).newest()
    watch.hub.log, watch.hub.size = tree(b"other"), size
    assert (await watch.refused(watch.begin())).reason is Reason.LOG_BEHIND
    (views,) = watch.evidence
    assert (views.shown, views.told) == (await watch.hub.checkpoint(), held)


async def test_a_proof_that_does_not_hold_or_is_refused_is_none(watch: Watch) -> None:
    await watch.begin().cosign_newest(watch.hub)
    watch.hub.size = 11
    watch.hub.proof = lambda first, second: []
    assert (await watch.refused(watch.begin())).reason is Reason.LOG_BEHIND

    def refuse(first: int, second: int) -> Sequence[bytes]:
        raise WarifuError(Reason.OVERLOADED)

    watch.hub.proof = refuse
    assert (await watch.refused(watch.begin())).reason is Reason.OVERLOADED


async def test_a_checkpoint_that_the_log_did_not_sign_is_refused(watch: Watch) -> None:
    watch.hub.seed = SEED
    assert (await watch.refused(watch.begin())).reason is Reason.LOG_INVALID


async def test_a_checkpoint_with_lines_that_no_other_reader_takes_is_refused(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = tuple(f"shown to the witness {number}" for number in range(400))
    checkpoint = Checkpoint(origin=ORIGIN, size=7, root_hash=watch.hub.log.root(7), extensions=lines)
    plain, cosignature = await watch.hub.checkpoint(), (WITNESS.name, bytes(76))
    text = plain.decode().split("\n\n")[0] + "\n"
    shown = [sign_checkpoint(checkpoint, watch.hub.seed), note_of(text, [*signatures_of(plain), cosignature])]

    async def show() -> bytes:
        return shown[0]

    monkeypatch.setattr(watch.hub, "checkpoint", show)
    while shown:
        error = await watch.refused(watch.begin())
        assert (error.reason, error.where) == (Reason.LOG_INVALID, "checkpoint: lines of another kind")
        shown.pop(0)


async def test_a_log_that_went_on_from_an_older_state_is_gone_on_with_only_when_told_and_once(watch: Watch) -> None:
    await watch.begin().cosign_newest(watch.hub)
    watch.hub.log, watch.hub.size, watch.hub.continuation = tree(b"other"), 5, Continuation(1, 2)
    assert (await watch.refused(watch.begin())).reason is Reason.LOG_BEHIND
    told = watch.begin(told=True)
    assert (await told.cosign_newest(watch.hub)).size == 5
    watch.hub.log, watch.hub.size, watch.hub.continuation = tree(), 4, Continuation(2, 1)
    assert (await watch.refused(told)).reason is Reason.LOG_BEHIND


async def test_one_that_says_so_without_proof_is_not_gone_on_with(watch: Watch) -> None:
    await watch.begin().cosign_newest(watch.hub)
    watch.hub.log, watch.hub.size, watch.hub.continuation = tree(b"other"), 5, Continuation(1, 4)
    assert (await watch.refused(watch.begin(told=True))).reason is Reason.LOG_BEHIND


def test_a_witness_that_lost_what_it_must_not_forget_does_not_start(watch: Watch) -> None:
    (watch.path / SEEN_FILE).unlink()
    with pytest.raises(WarifuError) as caught:
        watch.begin()
    assert caught.value.reason is Reason.CONFIG_INVALID


async def test_what_cannot_be_kept_is_not_cosigned(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("warifu_services.witness.seen_file.write_public_file", full)
    assert (await watch.refused(watch.begin())).reason is Reason.STORE_UNAVAILABLE


DIES_BEFORE_IT_SIGNS = """
import asyncio, os, signal, sys
from pathlib import Path
sys.path.insert(0, {here!r})
import test_cosigner as tests
from warifu.clock import SystemClock
from warifu_services.witness import cosigner

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

cosigner.cosign = die
watch = tests.Watch(Path({path!r}), tests.Directory(), SystemClock())
watch.hub.size = {size}
asyncio.run(watch.begin().cosign_newest(watch.hub))
"""


async def test_killed_between_keeping_and_signing_it_cosigns_the_same_later_and_nothing_smaller(watch: Watch) -> None:
    await watch.begin().cosign_newest(watch.hub)
    script = DIES_BEFORE_IT_SIGNS.format(here=str(Path(__file__).parent), path=str(watch.path), size=11)
    command = [sys.executable, "-c", script]
    ended = await asyncio.to_thread(subprocess.run, command, check=False, capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    watch.hub.size = 11
    assert SeenFile(watch.path).newest() == await watch.hub.checkpoint()
    assert [open_checkpoint(note, LOG).size for note in watch.hub.taken] == [7]
    watch.hub.size = 9
    assert (await watch.refused(watch.begin())).reason is Reason.LOG_BEHIND
    watch.hub.log, watch.hub.size = tree(b"other"), 11
    assert (await watch.refused(watch.begin())).reason is Reason.LOG_BEHIND
    watch.hub.log = tree()
    assert (await watch.begin().cosign_newest(watch.hub)).size == 11


async def test_what_convicts_the_hub_is_not_written_over_by_what_it_shows_afterwards(watch: Watch) -> None:
    await watch.begin().cosign_newest(watch.hub)
    watch.hub.log = tree(b"other")
    await watch.refused(watch.begin())  # another root of the same size
    watch.hub.size, watch.hub.proof = 11, lambda *_: []
    await watch.refused(watch.begin())  # and then one that nothing is shown of
    convicting, other = watch.evidence
    for order in ((convicting, other), (other, convicting, other)):
        for views in order:
            keep_views(watch.path, views)
        (kept,) = (watch.path / "evidence").iterdir()
        assert LogViews.from_json(kept.read_bytes()) == convicting
        kept.unlink()
