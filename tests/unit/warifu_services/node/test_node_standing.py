"""A node without a record that the hub knows of, or at a hub whose log is another one, neither asks nor answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import Directory
from warifu.exchange.signature import SigningKey
from warifu.identifiers import InstitutionCode
from warifu.party.held import Held
from warifu.tlog.checkpoint import Checkpoint, log_origin, sign_checkpoint
from warifu.tlog.continuation import NEVER_CONTINUED, Continuation
from warifu.tlog.merkle import MerkleTree, leaf_hash
from warifu.tlog.note import Verifier, note_of, signatures_of
from warifu_services.node.comparison import keep_comparing
from warifu_services.node.standing import Standing
from warifu_services.node.standing_store import StandingStore
from warifu_services.node.store_database import DatabaseNodeStore

KEY = SigningKey.generate()
VERIFIER = Verifier(log_origin("sim-test"), KEY.verify_key)
TAX, CHILDCARE = InstitutionCode("9020110020000001"), InstitutionCode("9030110020000001")


class Log:
    """A hub's log as it shows itself to a node that has seen ``seen_size`` entries of it."""

    def __init__(self, *entries: bytes, continuation: Continuation = NEVER_CONTINUED, key: SigningKey = KEY) -> None:
        self.entries = entries
        self.tree = MerkleTree([leaf_hash(entry) for entry in entries])
        self.continuation = continuation
        checkpoint = Checkpoint(
            origin=VERIFIER.name, size=self.tree.size, root_hash=self.tree.root(), extensions=continuation.lines
        )
        self.note = sign_checkpoint(checkpoint, key.to_bytes())

    def told(self, seen_size: int = 0, *exchanges: log_pb2.KnownExchange) -> log_pb2.CompareLogResponse:
        response = log_pb2.CompareLogResponse(signed_note=self.note, exchanges=exchanges)
        if seen_size <= self.tree.size:
            response.consistency_hashes.extend(self.tree.consistency_proof(seen_size, self.tree.size))
        if self.continuation.number:
            position = self.continuation.position
            response.continuation_leaf = self.entries[position]
            response.continuation_hashes.extend(self.tree.inclusion_proof(position, self.tree.size))
        return response


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DatabaseNodeStore]:
    in_file = request.param == "sqlite"
    opened = DatabaseNodeStore(tmp_path / "node.sqlite3" if in_file else request.getfixturevalue("postgres_address"))
    yield opened
    opened.close()


@pytest.fixture
def directory(two: Any) -> Held[Directory]:
    return Held(replace(two.pair.directory, log_verifier_key=VERIFIER.vkey))


@pytest.fixture
def begin(store: DatabaseNodeStore, two: Any, directory: Held[Directory]) -> Callable[..., Standing]:
    """The node, started again with what it stored."""
    return lambda *, told=False: Standing(
        store=StandingStore(store.database), directory=directory, clock=two.clock, told_to_go_on=told
    )


def fault(standing: Standing) -> Reason | None:
    try:
        standing.check()
    except WarifuError as error:
        return error.reason
    return None


async def test_a_log_that_grows_is_followed_and_remembered(begin: Callable[..., Standing]) -> None:
    standing = begin()
    assert standing.request().seen_note == b""
    await standing.take(Log(b"1", b"2").told())
    await standing.take(Log(b"1", b"2", b"3").told(2))
    assert fault(standing) is None
    assert begin().request().seen_note == Log(b"1", b"2", b"3").note


async def test_at_a_hub_with_an_older_log_a_node_asks_nothing_until_the_log_is_right_again(
    begin: Callable[..., Standing],
) -> None:
    standing = begin()
    await standing.take(Log(b"1", b"2", b"3").told())
    await standing.take(Log(b"1").told(3))
    assert fault(standing) is Reason.LOG_BEHIND
    assert standing.request().seen_note == Log(b"1", b"2", b"3").note, "what was seen is what it goes on showing"
    await standing.take(Log(b"1", b"2", b"3", b"4").told(3))
    assert fault(standing) is None


async def test_a_log_that_says_that_it_went_on_is_followed_and_both_checkpoints_are_kept(
    begin: Callable[..., Standing], store: DatabaseNodeStore
) -> None:
    standing, seen = begin(), Log(b"1", b"2", b"3")
    await standing.take(seen.told())
    went_on = Log(b"1", b"went on", continuation=Continuation(1, 1))
    await standing.take(went_on.told(3))
    assert fault(standing) is None
    (broken,) = StandingStore(store.database).log_breaks()
    assert (broken.number, broken.seen_note, broken.continued_note) == (1, seen.note, went_on.note)
    assert standing.request().seen_note == went_on.note


@pytest.mark.parametrize("line", ["continued 1000000000 at 0", f"continued 1 at {2**63}"])
async def test_a_log_that_says_out_of_range_that_it_went_on_is_not_kept(
    begin: Callable[..., Standing], line: str
) -> None:
    log = Log(b"1")
    checkpoint = Checkpoint(origin=VERIFIER.name, size=1, root_hash=log.tree.root(), extensions=(line,))
    standing = begin()
    with pytest.raises(WarifuError) as refused:
        await standing.take(log_pb2.CompareLogResponse(signed_note=sign_checkpoint(checkpoint, KEY.to_bytes())))
    assert refused.value.reason is Reason.HUB_ANSWER_INVALID
    assert standing.request().seen_note == b""


async def test_what_another_key_signed_is_no_checkpoint(begin: Callable[..., Standing]) -> None:
    standing = begin()
    with pytest.raises(WarifuError) as refused:
        await standing.take(Log(b"1", key=SigningKey.generate()).told())
    assert refused.value.reason is Reason.HUB_ANSWER_INVALID


@pytest.fixture
async def asked(two: Any, store: DatabaseNodeStore) -> AsyncIterator[Any]:
    """Childcare, which keeps its records in the file, after one exchange with tax; and what the hub knows of it."""
    await store.add_people([two.person("childcare", "C-hanako", "hanako")])
    inquirer = two.new_inquirer(store)
    result = await inquirer.inquire(two.ask("hanako"), 5.0)
    yield result.kept.record
    await inquirer.close()


def known(record: Any, **changes: Any) -> log_pb2.KnownExchange:
    told: dict[str, Any] = {
        "provided": False,
        "inquirer": record.inquirer,
        "request_id": record.request_id,
        "processing_number": record.processing_number,
        "permit_ms": record.requested_ms,
        **changes,
    }
    return log_pb2.KnownExchange(**told)


async def test_a_node_with_every_record_the_hub_knows_of_goes_on(begin: Callable[..., Standing], asked: Any) -> None:
    standing = begin()
    await standing.take(Log(b"1").told(0, known(asked)))
    assert fault(standing) is None


@pytest.mark.parametrize("lost", [{"request_id": b"n" * 16}, {"provided": True}])
async def test_a_node_without_one_refuses_until_it_is_told_to_go_on_once(
    begin: Callable[..., Standing], asked: Any, lost: dict[str, Any]
) -> None:
    standing, told = begin(), Log(b"1").told(0, known(asked), known(asked, **lost))
    await standing.take(told)
    assert fault(standing) is Reason.RECORDS_BEHIND
    again = begin()
    assert fault(again) is Reason.RECORDS_BEHIND, "before it has met the hub again"

    going_on = begin(told=True)
    await going_on.take(told)
    assert fault(going_on) is None
    later = begin()
    await later.take(told)
    assert fault(later) is None, "it was told once"
    await later.take(Log(b"1").told(1, known(asked, request_id=b"m" * 16)))
    assert fault(later) is Reason.RECORDS_BEHIND, "and of those that were missing then"


async def test_an_exchange_whose_record_may_be_past_its_time_proves_nothing(
    begin: Callable[..., Standing], asked: Any, two: Any
) -> None:
    years = timedelta(days=7 * 366)
    old = int((two.clock.now() - years).timestamp() * 1000)
    standing = begin()
    await standing.take(Log(b"1").told(0, known(asked, request_id=b"n" * 16, permit_ms=old)))
    assert fault(standing) is None


@pytest.fixture
def behind(begin: Callable[..., Standing], asked: Any) -> Callable[[], Awaitable[Standing]]:
    async def found() -> Standing:
        standing = begin()
        await standing.take(Log(b"1").told(0, known(asked, request_id=b"n" * 16)))
        return standing

    return found


async def test_a_node_that_is_behind_neither_asks_nor_answers_and_stores_nothing(
    behind: Callable[[], Awaitable[Standing]], two: Any, refusal: Any
) -> None:
    standing = await behind()
    two.inquirer._standing = standing
    assert await refusal(two.inquirer.inquire(two.ask("hanako"), 5.0)) is Reason.RECORDS_BEHIND
    assert await refusal(two.inquirer.submit(two.ask("hanako"))) is Reason.RECORDS_BEHIND
    assert two.childcare.records(0, 10) == []

    other, provided = two.new_inquirer(), two.tax.records(0, 10)
    two.provider._standing = standing
    assert await refusal(other.inquire(two.ask("hanako"), 5.0)) is Reason.RECORDS_BEHIND
    assert two.tax.records(0, 10) == provided
    await other.close()


async def test_an_inquiry_that_was_open_stays_open_and_comes_to_its_end_when_the_node_goes_on(
    behind: Callable[[], Awaitable[Standing]], begin: Callable[..., Standing], two: Any, refusal: Any
) -> None:
    two.hub.failures.append(WarifuError(Reason.LOG_BEHIND))
    asked = two.ask("hanako")
    assert await refusal(two.inquirer.inquire(asked, 5.0)) is Reason.LOG_BEHIND
    two.inquirer._standing = await behind()
    assert await refusal(two.inquirer.fetch(asked.question.request_id, 5.0, 5.0)) is Reason.RECORDS_BEHIND
    assert two.childcare.open_inquiries() == [asked.question.request_id]
    two.inquirer._standing = begin(told=True)
    await two.inquirer._standing.take(Log(b"1").told())
    await two.inquirer.fetch(asked.question.request_id, 5.0, 5.0)
    assert two.childcare.open_inquiries() == []


class PlayedLog:
    """A hub's log that answers as told; then it is away."""

    def __init__(self, *answers: WarifuError | log_pb2.CompareLogResponse) -> None:
        self.answers = list(answers)
        self.drained = asyncio.Event()

    async def compare(self, request: log_pb2.CompareLogRequest) -> log_pb2.CompareLogResponse:
        if not self.answers:
            self.drained.set()
            await asyncio.Event().wait()
        answer = self.answers.pop(0)
        if isinstance(answer, WarifuError):
            raise answer
        return answer

    async def prove(self, request: log_pb2.ProveExchangesRequest) -> log_pb2.ProveExchangesResponse:
        raise NotImplementedError

    async def connection_lost(self, within_s: float) -> None:
        """At once."""


async def test_whoever_answers_waits_for_the_first_comparison(begin: Callable[..., Standing]) -> None:
    standing = begin()
    waiting = asyncio.create_task(standing.compared())
    await asyncio.sleep(0)
    assert not waiting.done()
    log = PlayedLog(Log(b"1").told())
    comparing = asyncio.create_task(keep_comparing(log, standing))
    await waiting
    comparing.cancel()


async def test_a_hub_that_cannot_compare_holds_nobody_up(begin: Callable[..., Standing]) -> None:
    standing = begin()
    log = PlayedLog(WarifuError(Reason.INTERNAL, debug="the call ended UNIMPLEMENTED without a reason"))
    comparing = asyncio.create_task(keep_comparing(log, standing))
    await standing.compared()
    comparing.cancel()


async def test_a_hub_that_comes_back_is_compared_with_soon(begin: Callable[..., Standing]) -> None:
    standing = begin()
    log = PlayedLog(WarifuError(Reason.HUB_UNREACHABLE), Log(b"1", b"2").told(), Log(b"1").told(2))
    comparing = asyncio.create_task(keep_comparing(log, standing))
    await log.drained.wait()
    assert fault(standing) is Reason.LOG_BEHIND
    comparing.cancel()


@pytest.mark.parametrize("line", ["shown to tax alone", "continued 01 at 5"])
async def test_a_checkpoint_with_lines_that_could_not_be_told_to_others_is_not_taken(
    begin: Callable[..., Standing], line: str
) -> None:
    standing, log = begin(), Log(b"1", b"2")
    checkpoint = Checkpoint(origin=VERIFIER.name, size=2, root_hash=log.tree.root(), extensions=(line,))
    told = log_pb2.CompareLogResponse(signed_note=sign_checkpoint(checkpoint, KEY.to_bytes()))
    with pytest.raises(WarifuError, match="HUB_ANSWER_INVALID"):
        await standing.take(told)
    assert standing.request().seen_note == b""


async def test_nor_is_one_with_a_second_signature_line_beside_the_logs(begin: Callable[..., Standing]) -> None:
    standing, log = begin(), Log(b"1", b"2")
    lines = [(VERIFIER.name, bytes(68)), *signatures_of(log.note)]
    told = log_pb2.CompareLogResponse(signed_note=note_of(log.note.decode().split("\n\n")[0] + "\n", lines))
    with pytest.raises(WarifuError, match="HUB_ANSWER_INVALID"):
        await standing.take(told)
    assert standing.request().seen_note == b""


class KeyReplaced:
    """A directory in which the log's key was replaced while the node runs."""

    def __init__(self, directory: Held[Directory]) -> None:
        self.key = SigningKey.generate()
        vkey = Verifier(VERIFIER.name, self.key.verify_key).vkey
        former = (VERIFIER.vkey,)
        directory.hold(replace(directory.current(), log_verifier_key=vkey, former_log_verifier_keys=former))


async def refused(standing: Standing, told: log_pb2.CompareLogResponse) -> None:
    seen = standing.seen_note
    with pytest.raises(WarifuError) as caught:
        await standing.take(told)
    where = "signed_note: under a key that was replaced"
    assert (caught.value.reason, caught.value.where) == (Reason.HUB_ANSWER_INVALID, where)
    assert standing.seen_note == seen


async def test_a_hub_that_goes_on_with_a_replaced_key_at_one_member_is_believed_for_a_minute_only(
    begin: Callable[..., Standing], directory: Held[Directory], two: Any
) -> None:
    standing = begin()
    await standing.take(Log(b"1").told())
    KeyReplaced(directory)
    await standing.take(Log(b"1", b"2").told(1))
    two.clock.advance(timedelta(seconds=60))
    await refused(standing, Log(b"1", b"2", b"3").told(2))


async def test_what_the_key_in_force_signed_nothing_under_a_replaced_one_follows(
    begin: Callable[..., Standing], directory: Held[Directory]
) -> None:
    standing = begin()
    await standing.take(Log(b"1").told())
    newer = KeyReplaced(directory).key
    await standing.take(Log(b"1", b"2", key=newer).told(1))
    await refused(standing, Log(b"1", b"2", b"3").told(2))
    await refused(standing, Log(b"1", b"went on", continuation=Continuation(1, 1)).told(2))
    assert fault(standing) is None
    await standing.take(Log(b"1", b"2", b"3", key=newer).told(2))


async def test_a_hub_that_is_older_than_its_newest_key_is_behind_as_any_other(
    begin: Callable[..., Standing], directory: Held[Directory]
) -> None:
    standing = begin()
    newer = KeyReplaced(directory).key
    await standing.take(Log(b"1", b"2", key=newer).told())
    await standing.take(Log(b"1").told(2))
    assert fault(standing) is Reason.LOG_BEHIND
