"""From slices to rows: what the figures are, what they must reach, and when they are void.

Pure: slices in, rows out. Ratios are taken inside a round, where both sides met the same neighbours, and their median
is reported with its quartiles. The two identical bare cells of each round show how far apart equal things measure:
a goal is missed when it is missed by more than that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from measure import Spread, percentile, spread

__all__ = [
    "AT_BEST",
    "AT_FULL_LOAD",
    "BULK",
    "HALF_LOAD",
    "IN_FLIGHT",
    "MOST_IN_FLIGHT",
    "OVERLOAD",
    "OVERLOADED",
    "REAL",
    "ROW_ARITHMETIC",
    "STREAMED_ON",
    "UNPROVEN",
    "Row",
    "SliceResult",
    "faults",
    "goal_text",
    "rows_of",
    "with_quartiles",
]

IN_FLIGHT = (1, 8, 64)
REAL = ("unary", "stream")
UNPROVEN = "unproven"
"""The cell of a network whose hub proves nothing."""

STREAMED_ON = "unary_streamed_on"
"""The cell whose callers make one RPC an exchange while the hub asks the provider on its stream, as a hub does by itself."""

AT_FULL_LOAD = (UNPROVEN, STREAMED_ON)
"""Cells that are measured at full load only."""

HALF_LOAD = "half_load"
"""Slices in which exchanges come by themselves, at half the rate that ``stream`` reached just before."""

OVERLOAD = 5.0
"""How many times the best rate comes in an overload."""

MOST_IN_FLIGHT = 256
"""About as many as a network that is asked too much has under way at a time, where callers wait for two seconds."""

AT_BEST = "best"
"""Slices of ``stream`` with so many in flight, as many as there are in an overload."""

OVERLOADED = "overload"
"""Slices in which so many come by themselves, and whoever finds no room is told so at once."""

BULK = {"bulk": "stream", "bulk_unproven": UNPROVEN}
"""The cells in which 192 rows are asked in a message, and whose processes they use; at full load only, two messages at a time."""

_ARITHMETIC_US = {1: 357.0, 2: 531.0}
"""Group arithmetic of an exchange at all three parties, in C, by suite: what nothing but other arithmetic takes away."""

ROW_ARITHMETIC: dict[str, dict[str, int]] = {
    "bulk": {"multiply": 13, "base_multiply": 7, "add": 11, "validate": 0},
    "bulk_unproven": {"multiply": 6, "base_multiply": 4, "add": 5, "validate": 1},
}
"""How often a row needs each operation, all parties together, as counted in ``tests/unit/counted_cost``; a subtraction is an addition."""

_PARTIES = ("inquirer", "hub", "provider")
_BARE_PARTIES = ("client", "relay", "echo")
GOALS: dict[str, tuple[str, float]] = {
    "stream_ratio": (">=", 0.36),
    "stream_cpu_ratio": ("<=", 2.3),
    "stream_ratio_c8": (">=", 0.26),
    "unproven_ratio": (">=", 0.42),
    "unproven_cpu_ratio": ("<=", 1.9),
    "unary_ratio": (">=", 0.30),
    "unary_streamed_on_ratio": (">=", 0.34),
    "p99_ratio": ("<=", 2.5),
    "overload_goodput": (">=", 0.85),
    "overload_drained_s": ("<=", 5.0),
    "acquire_1000_s": ("<=", 0.35),
    "first_exchange_s": ("<=", 8.0),
    "bulk_ratio": (">=", 1.2),
    "bulk_crypto_share": (">=", 0.55),
    "bulk_unproven_ratio": (">=", 1.2),
    "bulk_unproven_crypto_share": (">=", 0.55),
    "hub_workers_2_over_1": (">=", 1.2),
    "proof_cpu_ratio": ("<=", 1.25),
    "issue_proof_ratio": ("<=", 1.5),
    "card_sign_ratio": ("<=", 3.0),
    "apdu_round_trip_p50_ms": ("<=", 0.2),
    "ocsp_per_core_s": (">=", 1_000.0),
    "issue_1000_cards_s": ("<=", 60.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceResult:
    """One slice of one cell, as its load told it, with what the hub counted meanwhile (real cells only)."""

    cell: str
    in_flight: int
    round_number: int
    seconds: float
    cpu_ns: tuple[int, int, int]
    took_ms: list[float]
    errors: list[str]
    made: int
    leaves: int = 0
    refused: int = 0
    late: int = 0
    drained_s: float = 0.0
    syncs: int = 0
    records: int = 0

    @property
    def rate(self) -> float:
        """Calls that ended, a second."""
        return len(self.took_ms) / self.seconds

    def cpu_us(self, place: int) -> float:
        """Microseconds of processor time a call in the process at ``place`` on its way."""
        return self.cpu_ns[place] / 1000 / max(1, len(self.took_ms))


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. ``goal`` is a comparison and a bound; None: it is there to be read."""

    name: str
    value: float | str
    unit: str

    @property
    def goal(self) -> tuple[str, float] | None:
        """What it must reach."""
        return GOALS.get(self.name)

    def missed_by(self) -> float:
        """By how much the goal is missed, in the row's unit; 0 when it is reached or there is none."""
        if self.goal is None or isinstance(self.value, str):
            return 0.0
        comparison, bound = self.goal
        return max(0.0, bound - self.value if comparison == ">=" else self.value - bound)

    def told(self) -> dict[str, Any]:
        """The row as the results file has it."""
        value = self.value if isinstance(self.value, str) else float(f"{self.value:.4g}")
        return {"name": self.name, "value": value, "unit": self.unit, "goal": goal_text(self)}


def goal_text(row: Row) -> str | None:
    """The goal as a person writes it."""
    return f"{row.goal[0]} {row.goal[1]:g}" if row.goal else None


def faults(slices: Sequence[SliceResult]) -> list[str]:
    """Why the figures are void; nothing when they hold."""
    found = []
    for cell, in_flight in {(each.cell, each.in_flight) for each in slices if not each.took_ms}:
        if not any(each.took_ms for each in slices if (each.cell, each.in_flight) == (cell, in_flight)):
            found.append(f"{cell} with {in_flight} in flight: no call ever ended")
    for each in slices:
        where = f"round {each.round_number}, {each.cell} with {each.in_flight} in flight"
        if each.errors:
            found.append(f"{where}: {len(each.errors)} errors, the first: {each.errors[0]}")
        if each.cell in (*REAL, *AT_FULL_LOAD, HALF_LOAD, AT_BEST, OVERLOADED, *BULK) and not (
            2 * (each.made - each.late) <= each.leaves <= 2 * each.made
        ):
            found.append(f"{where}: {each.made} exchanges left {each.leaves} leaves in the hub's log, not two each")
    return found


def rows_of(slices: Sequence[SliceResult], *, suite: int, cores: int, arithmetic_us: Mapping[str, float]) -> list[Row]:
    """Every figure of the exchanges, measured in a suite on so many cores; ``arithmetic_us`` is what each operation costs there."""
    measured = _Measured(slices)
    rows = []
    for in_flight in reversed(IN_FLIGHT):
        rows += measured.ratios(in_flight)
    rows += measured.bulk(IN_FLIGHT[-1], suite, cores, arithmetic_us)
    rows += measured.half_load(IN_FLIGHT[-1]) + measured.overload() + measured.proofs(IN_FLIGHT[-1])
    for in_flight in reversed(IN_FLIGHT):
        rows += measured.rates(in_flight)
    return rows + measured.processor(IN_FLIGHT[-1]) + measured.syncs(IN_FLIGHT[-1])


class _Measured:
    def __init__(self, slices: Sequence[SliceResult]) -> None:
        self._slices: dict[tuple[str, int], list[SliceResult]] = defaultdict(list)
        for each in sorted(slices, key=lambda each: each.round_number):
            self._slices[each.cell, each.in_flight].append(each)

    def ratios(self, in_flight: int) -> list[Row]:
        """Real to bare, and bare to bare, inside each round."""
        end = _end(in_flight)
        bare_a, bare_b = (self._slices[cell, in_flight] for cell in ("bare_a", "bare_b"))
        rate = [(a.rate + b.rate) / 2 for a, b in zip(bare_a, bare_b, strict=True)]
        cpu = [(_cpu(a) + _cpu(b)) / 2 for a, b in zip(bare_a, bare_b, strict=True)]
        rows = []
        for kind in (*REAL, *AT_FULL_LOAD) if in_flight == IN_FLIGHT[-1] else REAL:
            real = self._slices[kind, in_flight]
            throughput = spread(r.rate / bare for r, bare in zip(real, rate, strict=True) if bare)
            processor = spread(_cpu(r) / bare for r, bare in zip(real, cpu, strict=True) if bare and r.took_ms)
            rows += with_quartiles(f"{kind}_ratio{end}", throughput)
            rows += with_quartiles(f"{kind}_cpu_ratio{end}", processor)
        both = [(a, b) for a, b in zip(bare_a, bare_b, strict=True) if a.took_ms and b.took_ms]
        rows += with_quartiles(f"bare_a_to_b{end}", spread(a.rate / b.rate for a, b in both))
        return rows + with_quartiles(f"bare_a_to_b_cpu{end}", spread(_cpu(a) / _cpu(b) for a, b in both))

    def bulk(self, in_flight: int, suite: int, cores: int, arithmetic_us: Mapping[str, float]) -> list[Row]:
        """Rows a second to bare calls a second, inside each round; what of the machine, and of a row, is group arithmetic then.

        The floor is all arithmetic of a row in this run; the wall what its ratio would be were everything else free.
        """
        bare_a, bare_b = (self._slices[cell, in_flight] for cell in ("bare_a", "bare_b"))
        rate = [(a.rate + b.rate) / 2 for a, b in zip(bare_a, bare_b, strict=True)]
        rows = []
        for cell in BULK:
            found = self._slices[cell, in_flight]
            per_s = spread(each.rate for each in found).median
            ratio = spread(each.rate / bare for each, bare in zip(found, rate, strict=True) if bare)
            rows += with_quartiles(f"{cell}_ratio", ratio)
            rows.append(Row(f"{cell}_crypto_share", _ARITHMETIC_US[suite] * per_s / 1e6 / cores, "1"))
            rows.append(Row(f"{cell}_rows_per_s", per_s, "1/s"))
            rows += _cpu_rows(f"cpu_us_per_{cell}_row", _PARTIES, found)
            floor_us = sum(each * arithmetic_us[name] for name, each in ROW_ARITHMETIC[cell].items())
            rows.append(Row(f"{cell}_floor_us", floor_us, "us"))
            rows.append(Row(f"{cell}_wall", spread(cores * 1e6 / floor_us / bare for bare in rate if bare).median, "x"))
            share = spread(floor_us / _cpu(each) for each in found if each.took_ms)
            rows += with_quartiles(f"{cell}_floor_share", share)
        return rows

    def half_load(self, in_flight: int) -> list[Row]:
        """How much longer than half of the exchanges the slowest hundredth take where the network is half as busy as it can be."""
        slices = [each for each in self._slices[HALF_LOAD, in_flight] if each.took_ms]
        sorted_ms = [sorted(each.took_ms) for each in slices]
        ratio = spread(percentile(took, 0.99) / percentile(took, 0.50) for took in sorted_ms)
        all_ms = sorted(ms for took in sorted_ms for ms in took)
        return [
            *with_quartiles("p99_ratio", ratio),
            Row("half_load_per_s", spread(each.rate for each in slices).median, "1/s"),
            Row("half_load_p50_ms", percentile(all_ms, 0.50), "ms"),
            Row("half_load_p99_ms", percentile(all_ms, 0.99), "ms"),
        ]

    def overload(self) -> list[Row]:
        """What is answered in time of far more than can be, to the best rate inside the round; and what an answer costs then."""
        pairs = list(zip(self._slices[OVERLOADED, MOST_IN_FLIGHT], self._slices[AT_BEST, MOST_IN_FLIGHT], strict=True))
        all_ms = sorted(ms for each, _ in pairs for ms in each.took_ms)
        return [
            *with_quartiles("overload_goodput", spread(each.rate / best.rate for each, best in pairs if best.rate)),
            *with_quartiles("overload_cpu_ratio", spread(_cpu(each) / _cpu(best) for each, best in pairs)),
            Row("overload_p99_ms", percentile(all_ms, 0.99), "ms"),
            Row("overload_refused_per_s", spread(each.refused / each.seconds for each, _ in pairs).median, "1/s"),
            Row(
                "overload_late_share", sum(each.late for each, _ in pairs) / max(1, sum(e.made for e, _ in pairs)), "1"
            ),
            Row("overload_drained_s", max(each.drained_s for each, _ in pairs), "s"),
        ]

    def proofs(self, in_flight: int) -> list[Row]:
        """Processor time of an exchange, all its processes, with proofs over without, inside each round."""
        pairs = zip(self._slices["stream", in_flight], self._slices[UNPROVEN, in_flight], strict=True)
        found = spread(_cpu(proven) / _cpu(bare) for proven, bare in pairs if proven.took_ms and bare.took_ms)
        return [
            *with_quartiles("proof_cpu_ratio", found),
            *_cpu_rows("cpu_us_per_unproven_exchange", _PARTIES, self._slices[UNPROVEN, in_flight]),
        ]

    def rates(self, in_flight: int) -> list[Row]:
        """Calls a second and how long they took."""
        rows = []
        for name, cells in (("stream", ["stream"]), ("unary", ["unary"]), ("bare", ["bare_a", "bare_b"])):
            slices = [each for cell in cells for each in self._slices[cell, in_flight]]
            took = sorted(ms for each in slices for ms in each.took_ms)
            rows += [
                Row(f"{name}_per_s_c{in_flight}", spread(each.rate for each in slices).median, "1/s"),
                Row(f"{name}_p50_ms_c{in_flight}", percentile(took, 0.50), "ms"),
                Row(f"{name}_p99_ms_c{in_flight}", percentile(took, 0.99), "ms"),
            ]
        return rows

    def processor(self, in_flight: int) -> list[Row]:
        """Processor time a call in each process."""
        bare = self._slices["bare_a", in_flight] + self._slices["bare_b", in_flight]
        return [
            *_cpu_rows("cpu_us_per_exchange", _PARTIES, self._slices["stream", in_flight]),
            *_cpu_rows("cpu_us_per_unary_exchange", _PARTIES, self._slices["unary", in_flight]),
            *_cpu_rows("cpu_us_per_bare_call", _BARE_PARTIES, bare),
        ]

    def syncs(self, in_flight: int) -> list[Row]:
        """Disk syncs for each record the hub wrote."""
        rows = []
        for kind in REAL:
            slices = self._slices[kind, in_flight]
            records = sum(each.records for each in slices)
            rows.append(Row(f"{kind}_syncs_per_record", sum(each.syncs for each in slices) / max(1, records), "1"))
        return rows


def _end(in_flight: int) -> str:
    """The figures at full load have the plain names."""
    return "" if in_flight == IN_FLIGHT[-1] else f"_c{in_flight}"


def _cpu(each: SliceResult) -> float:
    return sum(each.cpu_us(place) for place in range(3))


def _cpu_rows(name: str, parties: Sequence[str], slices: Sequence[SliceResult]) -> list[Row]:
    def at(place: int) -> Callable[[SliceResult], float]:
        return lambda each: each.cpu_us(place)

    return [Row(f"{name}_{party}", spread(map(at(n), slices)).median, "us") for n, party in enumerate(parties)]


def with_quartiles(name: str, found: Spread) -> list[Row]:
    """A ratio, and its quartiles beside it."""
    return [Row(name, found.median, "x"), Row(f"{name}_low", found.low, "x"), Row(f"{name}_high", found.high, "x")]
