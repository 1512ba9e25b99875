"""The classifier finds what is planted, and nothing where there is nothing."""

from __future__ import annotations

import random

import pytest

from warifu_kit.pooling.joining import ClueValue, Pooled, join

SEED = 20261128


def _exchange(side: int, case: int, procedure: str = "JT1", **clues: float) -> ClueValue:
    return ClueValue(request_id=bytes([side]) + case.to_bytes(4, "big"), procedure_code=procedure, clues=clues)


def _cases(*held: list[ClueValue]) -> dict[bytes, object]:
    return {each.request_id: each.request_id[1:] for side in held for each in side}


def _joined(ours: list[ClueValue], theirs: list[ClueValue]) -> Pooled:
    print("seed", SEED)  # noqa: T201  # shown when a test fails
    return join(ours, theirs, _cases(ours, theirs), random.Random(SEED))


def test_exchanges_that_come_together_are_all_joined() -> None:
    rng = random.Random(SEED)
    comes = [rng.uniform(0, 1000) for _ in range(200)]
    ours = [_exchange(1, case, arrival=at) for case, at in enumerate(comes)]
    theirs = [_exchange(2, case, arrival=at + 0.001) for case, at in enumerate(comes)]
    rng.shuffle(theirs)
    best = _joined(ours, theirs).best
    assert best is not None
    assert best.accuracy.part > 0.99
    assert best.auc.part > 0.99


def test_order_alone_joins_where_time_says_nothing() -> None:
    ours = [_exchange(1, case, minute=0, order=case) for case in range(100)]
    theirs = [_exchange(2, case, minute=0, order=case + 7_000) for case in range(100)]
    pooled = _joined(ours, theirs)
    assert [each.clue for each in pooled.clues] == ["order", "minute"]
    assert pooled.clues[0].accuracy.part == 1.0
    assert pooled.clues[1].accuracy.low < 0.01 <= pooled.clues[1].accuracy.high
    assert pooled.clues[1].auc.part == 0.5


def test_numbers_drawn_at_random_join_no_more_than_chance() -> None:
    rng = random.Random(SEED)
    ours = [_exchange(1, case, number=rng.random()) for case in range(300)]
    theirs = [_exchange(2, case, number=rng.random()) for case in range(300)]
    pooled = _joined(ours, theirs)
    assert pooled.chance == pytest.approx(1 / 300)
    assert pooled.clues[0].accuracy.low < 2 / 300
    assert pooled.clues[0].auc.low < 0.5 < pooled.clues[0].auc.high


def test_exchanges_of_different_procedures_are_not_joined() -> None:
    ours = [_exchange(1, 1, "JT1", at=1.0), _exchange(1, 2, "JT2", at=2.0)]
    theirs = [_exchange(2, 2, "JT1", at=1.0), _exchange(2, 1, "JT2", at=2.0)]
    assert _joined(ours, theirs).exchanges == 0


def test_somebody_whom_only_one_was_asked_about_does_not_count() -> None:
    ours = [_exchange(1, case, at=case) for case in range(10)]
    theirs = [_exchange(2, case, at=case) for case in range(5)]
    pooled = _joined(ours, theirs)
    assert pooled.exchanges == 5
    assert pooled.clues[0].accuracy.part == 1.0


def test_nobody_and_nothing_to_join_is_no_fault() -> None:
    pooled = _joined([], [])
    assert (pooled.exchanges, pooled.chance, pooled.best) == (0, 0.0, None)
