"""What a call meets follows from the seed and the call, whatever else happens, and in whatever order."""

from __future__ import annotations

import itertools
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from warifu.api.node.v1.node_service_pb2 import InquireRequest, Inquiry
from warifu_kit.faults.deciding import Meeting, drawn_faults
from warifu_kit.faults.draws import Draws, FaultedCall
from warifu_kit.faults.kinds import KNOBS
from warifu_kit.faults.ledger import read_ledger
from warifu_kit.faults.party import PartyFaults
from warifu_kit.faults.rpcs import every_rpc
from warifu_kit.faults.settings import FaultSettings

OFTEN = {kind.name: 0.4 for kind in KNOBS}
RPCS = every_rpc()
calls = st.builds(
    FaultedCall,
    party=st.sampled_from(["hub", "tax", "childcare"]),
    rpc=st.sampled_from(sorted(RPCS)),
    exchange=st.binary(min_size=1, max_size=32),
    attempt=st.integers(1, 4),
)
seeds = st.integers(0, 2**63 - 1)


@given(seed=seeds, call=calls)
def test_the_same_call_under_the_same_seed_meets_the_same(seed: int, call: FaultedCall) -> None:
    settings = FaultSettings(seed=seed, rates=OFTEN)
    assert drawn_faults(settings, call) == drawn_faults(FaultSettings(seed=seed, rates=OFTEN), call)


@given(seed=seeds, call=calls)
def test_a_calm_network_draws_nothing(seed: int, call: FaultedCall) -> None:
    assert drawn_faults(FaultSettings(seed=seed, calm=True, rates=OFTEN), call) == ()


@given(seed=seeds, call=calls)
def test_a_call_meets_one_fault_at_most_that_ends_it(seed: int, call: FaultedCall) -> None:
    faults = drawn_faults(FaultSettings(seed=seed, rates=dict.fromkeys(OFTEN, 1.0)), call)
    assert sum(fault.ends for fault in faults) <= 1
    if any(fault.ends for fault in faults):
        assert {fault.name for fault in faults if not fault.ends} <= {"delay"}


@given(seed=seeds, call=calls, bound=st.integers(1, 10**9))
def test_numbers_stay_within_their_bounds(seed: int, call: FaultedCall, bound: int) -> None:
    draws = Draws(seed, call)
    assert 0 <= draws.below(bound, "x") < bound
    assert 0 <= draws.share("x") < 1


def test_parts_of_a_call_cannot_be_taken_for_each_other() -> None:
    def drawn(party: str, rpc: str, *purpose: str) -> float:
        return Draws(1, FaultedCall(party=party, rpc=rpc, exchange=b"", attempt=1)).share(*purpose)

    assert len({drawn("a", "bc"), drawn("ab", "c"), drawn("a", "b", "c"), drawn("a", "b", "c", "")}) == 4


def test_a_knob_is_drawn_about_as_often_as_it_says() -> None:
    settings = FaultSettings(seed=3, rates={"delay": 0.25})
    drawn = Counter[str]()
    for number in range(4_000):
        call = FaultedCall(party="hub", rpc="HubService.Exchange", exchange=number.to_bytes(4, "big"), attempt=1)
        drawn.update(fault.name for fault in drawn_faults(settings, call))
    assert 0.20 < drawn["delay"] / 4_000 < 0.30
    assert 0.02 < drawn["unavailable_before"] / 4_000 < 0.04


@given(seed=seeds, data=st.data())
def test_the_order_in_which_calls_arrive_changes_nothing(seed: int, data: st.DataObject) -> None:
    """Five exchanges, each called three times; the calls of one come one after the other, as they must."""
    exchanges = [InquireRequest(inquiry=Inquiry(request_id=bytes([number] * 16))) for number in range(5)]
    lines = []
    for order in (range(15), data.draw(st.permutations(range(15)))):
        with tempfile.TemporaryDirectory() as folder:
            faults = PartyFaults("childcare", Path(folder), FaultSettings(seed=seed, rates=OFTEN))
            for place in order:
                faults.meet(RPCS["NodeService.Inquire"], exchanges[place % 5].SerializeToString())
            lines.append(sorted(map(str, read_ledger(Path(folder)))))
    assert lines[0] == lines[1]


def test_seeds_parties_rpcs_exchanges_and_attempts_all_matter() -> None:
    seen = set()
    for seed, attempt, party, rpc, exchange in itertools.product((1, 2), (1, 2), "ab", "cd", (b"1", b"2")):
        call = FaultedCall(party=party, rpc=rpc, exchange=exchange, attempt=attempt)
        seen.add(Draws(seed, call).share("delay"))
    assert len(seen) == 2**5


def test_the_ledger_names_no_digest_of_what_somebody_could_try_out(tmp_path: Path) -> None:
    faults = PartyFaults("authority", tmp_path, FaultSettings(seed=1, calm=True))
    rpc = RPCS["AuthorityService.DesignateMyNumbers"]
    met = faults.meet(rpc, b"", asked="delay:1ms")
    assert isinstance(met, Meeting)
    (line,) = read_ledger(tmp_path)
    assert (line.exchange, line.by, line.faults) == ("", "call", "delay:1ms")
