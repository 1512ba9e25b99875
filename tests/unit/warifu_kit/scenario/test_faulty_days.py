"""What faults of a scenario do to exchanges on the virtual clock: by the reasons of the catalogue, as real parties would end them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from warifu_kit.scenario.file.scenario import Scenario
from warifu_kit.scenario.virtual.behaviour.play import play_behaviour
from warifu_kit.scenario.virtual.costs import Calibration
from warifu_kit.scenario.virtual.outcome import ANSWERED, PENDING, REFUSED, UNKNOWN, Outcome
from warifu_kit.scenario.virtual.workload import workload

Asked = Callable[..., Scenario]
Played = Callable[..., Outcome]

HERE, THERE = 0, 1
"""The stream that the fault is at, and the other."""

TRAFFIC = (
    "traffic:",
    "  - {row: R01, inquirer: childcare-takamatsu, provider: tax-takamatsu, arrivals: {process: constant, rate: 5/s}}",
    "  - {row: R01, inquirer: childcare-marugame, provider: tax-marugame, arrivals: {process: constant, rate: 5/s}}",
)


@pytest.fixture
def played(asked: Asked, costs: Calibration, silent: Callable[..., Any]) -> Played:
    """Both streams for a minute, under a fault from second 20 to 30."""

    def play(who: str, what: str, share: str = "100%", **options: Any) -> Outcome:
        fault = f'faults: [{{at: 20s, for: 10s, who: {who}, what: "{what}", share: {share}}}]'
        scenario = asked(*TRAFFIC, fault, **options)
        return play_behaviour(scenario, workload(scenario, costs), costs, silent)

    return play


def ends(outcome: Outcome, stream: int) -> Counter[str]:
    """The reasons that exchanges of a stream ended with that were due during the fault."""
    those = (outcome.load.stream == stream) & (outcome.load.at >= 20) & (outcome.load.at < 30)
    return Counter(outcome.reasons[reason] for reason in outcome.reason[those].tolist())


def took_ms(outcome: Outcome, stream: int) -> float:
    """The median of those."""
    those = (outcome.load.stream == stream) & (outcome.load.at >= 20) & (outcome.load.at < 30)
    return float(np.median(outcome.took[those])) * 1e3


def test_without_patience_a_dead_hub_leaves_everything_unknown(played: Played) -> None:
    outcome = played("hub", "crash", patience="0s")
    assert ends(outcome, HERE) == {"HUB_UNREACHABLE": 50}
    assert np.count_nonzero(outcome.end == UNKNOWN) >= 100


def test_with_patience_all_are_answered_once_the_hub_is_back(played: Played) -> None:
    outcome = played("hub", "crash", patience="30s")
    assert ends(outcome, HERE) == {"": 50}
    assert (outcome.attempts > 1).sum() >= 100
    assert outcome.took.max() < 13


def test_a_hub_that_is_back_does_not_go_on_with_what_it_had_under_way(
    asked: Asked, costs: Calibration, silent: Any
) -> None:
    late = "{at: 20s, for: 10s, who: tax-takamatsu, what: 'delay:2s'}"
    scenario = asked(*TRAFFIC, f"faults: [{late}, {{at: 25s, for: 100ms, who: hub, what: crash}}]", patience="0s")
    outcome = play_behaviour(scenario, workload(scenario, costs), costs, silent)
    waiting = (outcome.load.stream == HERE) & (outcome.load.at > 23.1) & (outcome.load.at < 24.9)
    assert {outcome.reasons[each] for each in outcome.reason[waiting].tolist()} == {"HUB_UNREACHABLE"}
    after = (outcome.load.at > 25.2) & (outcome.load.at < 30)
    assert (outcome.end[after] == ANSWERED).all()


def test_a_dead_provider_was_not_asked_and_everybody_knows(played: Played) -> None:
    outcome = played("tax-takamatsu", "crash", patience="0s")
    assert ends(outcome, HERE)["PROVIDER_UNREACHABLE"] == 50
    assert ends(outcome, THERE) == {"": 50}
    assert np.count_nonzero(outcome.end == UNKNOWN) <= 1  # whoever was being answered as it fell


def test_silence_between_node_and_hub_lasts_until_the_deadline_and_leaves_it_unknown(played: Played) -> None:
    outcome = played("childcare-takamatsu", "partition", patience="0s")
    assert ends(outcome, HERE) == {"HUB_TIMED_OUT": 50}
    assert 4_000 < took_ms(outcome, HERE) < 5_000
    assert ends(outcome, THERE) == {"": 50}


def test_silence_at_the_provider_is_told_by_the_hub_before_the_caller_gives_up(played: Played) -> None:
    outcome = played("tax-takamatsu", "partition", patience="0s")
    assert ends(outcome, HERE) == {"PROVIDER_TIMED_OUT": 50}
    assert took_ms(outcome, HERE) < 5_000


def test_who_is_late_makes_only_those_wait_who_ask_it(played: Played) -> None:
    outcome = played("tax-takamatsu", "delay:2s")
    assert ends(outcome, HERE) == ends(outcome, THERE) == {"": 50}
    assert 2_000 < took_ms(outcome, HERE) < 2_100
    assert took_ms(outcome, THERE) < 100


def test_what_a_provider_refuses_with_is_its_failure_and_what_the_hub_refuses_with_is_told(played: Played) -> None:
    assert ends(played("tax-takamatsu", "refuse:STORE_UNAVAILABLE", patience="0s"), HERE) == {"PROVIDER_FAILED": 50}
    assert ends(played("hub", "refuse:EXCHANGE_NOT_PERMITTED"), HERE) == {"EXCHANGE_NOT_PERMITTED": 50}


def test_a_definite_refusal_is_never_asked_again(played: Played) -> None:
    outcome = played("hub", "refuse:EXCHANGE_NOT_PERMITTED", patience="30s")
    assert outcome.attempts.max() == 1
    assert np.count_nonzero(outcome.end == REFUSED) == 100


def test_a_reply_lost_after_the_hub_acted_is_had_again_and_the_provider_answers_once(played: Played) -> None:
    """The hub keeps how it ended; served again, the provider would have worked twice."""
    outcome, calm = played("hub", "unavailable_after", share="50%"), played("hub", "delay:1ms")
    assert ends(outcome, HERE) == {"": 50}
    assert 20 <= np.count_nonzero(outcome.attempts > 1) <= 80
    assert outcome.worked[2] == pytest.approx(calm.worked[2], rel=0.01)


def test_a_request_lost_before_the_hub_leaves_the_provider_alone(played: Played) -> None:
    outcome = played("hub", "drop_request", patience="0s")
    assert ends(outcome, HERE) == {"HUB_TIMED_OUT": 50}
    assert np.count_nonzero(outcome.visits[2] > 0) == 500


def test_a_permit_delivered_twice_costs_the_provider_twice_and_changes_no_answer(played: Played) -> None:
    outcome = played("tax-takamatsu", "duplicate")
    assert (outcome.end == ANSWERED).all()
    assert outcome.met == {0: 50}


def test_an_office_whose_certificate_ended_is_refused_for_good(played: Played) -> None:
    outcome = played("childcare-takamatsu", "certificate_expired", patience="30s")
    assert ends(outcome, HERE) == {"CALLER_NOT_IN_DATE": 50}
    assert ends(outcome, THERE) == {"": 50}
    assert outcome.attempts.max() == 1


def test_a_provider_whose_certificate_ended_cannot_be_reached(played: Played) -> None:
    assert ends(played("tax-takamatsu", "certificate_expired", patience="0s"), HERE) == {"PROVIDER_UNREACHABLE": 50}


def test_a_slow_disk_is_waited_for_and_holds_no_processor(played: Played) -> None:
    outcome, calm = played("tax-takamatsu", "slow_disk:300ms"), played("tax-takamatsu", "delay:1ms")
    assert took_ms(outcome, HERE) == pytest.approx(took_ms(calm, HERE) + 300, abs=5)
    assert outcome.worked[2] == pytest.approx(calm.worked[2], rel=0.01)


def test_an_overloaded_party_takes_longer(played: Played) -> None:
    outcome, calm = played("hub", "overload:90%"), played("hub", "delay:1ms")
    assert took_ms(outcome, HERE) > 3 * took_ms(calm, HERE)


def test_only_a_share_of_calls_meets_a_fault_and_the_same_ones_each_time(played: Played) -> None:
    first, again = (played("tax-takamatsu", "delay:1s", share="30%") for _ in range(2))
    slow = first.took > 0.9
    assert 5 <= np.count_nonzero(slow) <= 25
    assert first.ledger == again.ledger
    assert first.met[0] == np.count_nonzero(slow) == len(first.ledger)
    assert {line["faults"] for line in first.ledger} == {"delay:1s"}
    assert {line["by"] for line in first.ledger} == {"faults[0]"}


def test_before_and_after_a_fault_nothing_is_the_matter(played: Played) -> None:
    outcome = played("hub", "crash", patience="0s")
    outside = (outcome.load.at < 19) | (outcome.load.at > 30)
    assert (outcome.end[outside] == ANSWERED).all()
    assert outcome.took[outside].max() < 0.1


def test_who_waits_for_a_clerk_and_who_is_not_held_end_so(asked: Asked, costs: Calibration, silent: Any) -> None:
    scenario = asked(
        *TRAFFIC,
        "population: {not_held: 20%, held_back: 20%}",
        "faults: [{at: 1s, for: 1s, who: hub, what: 'delay:1ms'}]",
    )
    outcome = play_behaviour(scenario, workload(scenario, costs), costs, silent)
    assert Counter(outcome.end.tolist()).keys() == {ANSWERED, PENDING, REFUSED}
    assert Counter(outcome.reasons[each] for each in outcome.reason.tolist()).keys() == {"", "RECORD_NOT_HELD"}


def test_a_bulk_file_has_so_many_rows_under_way_and_no_more(asked: Asked, costs: Calibration, silent: Any) -> None:
    from warifu_kit.scenario.virtual.behaviour.play import BULK_UNDER_WAY

    head = 'question: "One night?"\ngeneral: {{seed: 7, duration: 10h, starts: "21:00"}}\nnetwork: {{members: two-of-each}}\n'
    scenario = asked(
        "traffic: [{row: R01, provider: tax, arrivals: {process: batch_nights, files: 1, rows: 1500}}]", head=head
    )
    load = workload(scenario, costs)
    outcome = play_behaviour(scenario, load, costs, silent)
    begun = outcome.done_at - outcome.visits.sum(axis=0)  # at the earliest
    moments = np.sort(outcome.done_at)
    under_way = max(
        int(np.count_nonzero((begun <= moment) & (outcome.done_at > moment))) for moment in moments[::50].tolist()
    )
    assert under_way <= BULK_UNDER_WAY
    assert (outcome.end == ANSWERED).all()
