"""The life of a card: every step from every state, and what stands against those that cannot be taken."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.errors import Reason, WarifuError
from warifu_services.jpki.card_life import ENDS, CardState, CardStep, IdentityCheck, StepFacts, next_state

DAY = datetime.date(2026, 4, 1)
GOOD = StepFacts(today=DAY, last_day=DAY.replace(year=2036))
CHECKED = StepFacts(today=DAY, last_day=DAY, identity_check=IdentityCheck.FACE_AND_NOTICE)
PAST = StepFacts(today=DAY, last_day=DAY - datetime.timedelta(days=1))

S, T = CardState, CardStep
ALLOWED = {
    (S.APPLIED, T.ORDER): S.ORDERED,
    (S.ORDERED, T.PERSONALISE): S.PERSONALISED,
    (S.PERSONALISED, T.NOTIFY): S.NOTIFIED,
    (S.NOTIFIED, T.COLLECT): S.COLLECTED,
    (S.COLLECTED, T.ACTIVATE): S.ACTIVE,
    (S.ACTIVE, T.SUSPEND): S.SUSPENDED,
    (S.SUSPENDED, T.RESUME): S.ACTIVE,
    **{
        (state, step): to
        for state in (S.PERSONALISED, S.NOTIFIED, S.COLLECTED, S.ACTIVE, S.SUSPENDED)
        for step, to in ((T.RETURN, S.RETURNED), (T.EXPIRE, S.EXPIRED), (T.REISSUE, S.REISSUED))
    },
}


def facts_for(step: CardStep) -> StepFacts:
    return {CardStep.COLLECT: CHECKED, CardStep.EXPIRE: PAST}.get(step, GOOD)


@pytest.mark.parametrize("state", CardState)
@pytest.mark.parametrize("step", CardStep)
def test_a_step_leads_where_it_should_or_is_refused_with_the_state_named(state: CardState, step: CardStep) -> None:
    wanted = ALLOWED.get((state, step))
    if wanted is not None:
        assert next_state(state, step, facts_for(step)) is wanted
        return
    with pytest.raises(WarifuError) as refused:
        next_state(state, step, facts_for(step))
    assert refused.value.reason is Reason.CARD_STEP_REFUSED
    assert refused.value.where == f"{step.name.lower()}: the card is {state.name.lower()}"


@pytest.mark.parametrize(
    ("state", "step", "facts", "why"),
    [
        (S.NOTIFIED, T.COLLECT, GOOD, "collect: nobody checked the holder's identity"),
        (S.COLLECTED, T.ACTIVATE, PAST, "activate: the card's last day is past"),
        (S.SUSPENDED, T.RESUME, PAST, "resume: the card's last day is past"),
        (S.ACTIVE, T.EXPIRE, GOOD, "expire: the card's last day is not past"),
        (S.ACTIVE, T.SUSPEND, CHECKED, "suspend: only a card that is collected needs an identity check"),
    ],
)
def test_a_refused_step_says_what_stands_against_it(
    state: CardState, step: CardStep, facts: StepFacts, why: str
) -> None:
    with pytest.raises(WarifuError) as refused:
        next_state(state, step, facts)
    assert refused.value.where == why


@given(st.lists(st.sampled_from(CardStep), max_size=30))
def test_whatever_steps_are_tried_an_end_is_an_end_and_no_card_is_used_before_it_is_collected(
    steps: list[CardStep],
) -> None:
    state, been = CardState.APPLIED, [CardState.APPLIED]
    for step in steps:
        try:
            state = next_state(state, step, facts_for(step))
        except WarifuError:
            continue
        assert been[-1] not in ENDS
        been.append(state)
    if CardState.ACTIVE in been:
        assert been[: been.index(CardState.ACTIVE)] == [S.APPLIED, S.ORDERED, S.PERSONALISED, S.NOTIFIED, S.COLLECTED]
