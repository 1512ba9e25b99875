"""The pictures of a run, as specifications of Vega-Lite: made once, shown in the page and as PNG.

Decides what each shows. Every one says SIMULATED in its title. It reads no file and draws nothing itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from warifu_kit.scenario.told.over_time import (
    ends_over_time,
    fault_bands,
    latency_over_time,
    queues_over_time,
    split_of_visits,
    time_unit,
)
from warifu_kit.scenario.virtual.national import away

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from warifu_kit.scenario.file.scenario import Scenario
    from warifu_kit.scenario.virtual.costs import Calibration
    from warifu_kit.scenario.virtual.outcome import Outcome

__all__ = ["pictures"]

_WIDTH, _HEIGHT = 720, 220
_END_COLOURS: Final = {"answered": "#4c78a8", "pending": "#b79a20", "refused": "#d67195", "unknown": "#8b1a1a"}
_PARTS: Final = ("waiting for a processor", "processor", "disk", "line")


def pictures(scenario: Scenario, outcome: Outcome, costs: Calibration, told: Mapping[str, Any]) -> dict[str, Any]:
    """Each picture by the name of its file; none where nothing happened."""
    if not len(outcome.load):
        return {}
    drawn = {
        "latency": _latency(scenario, outcome),
        "ends": _ends(scenario, outcome),
        "queues": _queues(scenario, outcome),
        "hops": _hops(scenario, outcome, costs),
    }
    if told["reasons"] or told["failed_attempts"]:
        drawn["reasons"] = _reasons(told)
    return drawn


def _latency(scenario: Scenario, outcome: Outcome) -> Any:
    import altair as alt

    lines = (
        alt.Chart(_rows(latency_over_time(scenario, outcome)))
        .mark_line(strokeJoin="round")
        .encode(
            x=_time(scenario),
            y=alt.Y("ms:Q", title="ms, from when it was due", scale=alt.Scale(type="log", nice=False)),
            color=alt.Color("percentile:N", title=None, scale=alt.Scale(range=["#4c78a8", "#e08b2d", "#8b1a1a"])),
        )
    )
    return _banded(scenario, lines, "latency of single exchanges")


def _ends(scenario: Scenario, outcome: Outcome) -> Any:
    import altair as alt

    colours = alt.Scale(domain=list(_END_COLOURS), range=list(_END_COLOURS.values()))
    areas = (
        alt.Chart(_rows(ends_over_time(scenario, outcome)))
        .mark_area(interpolate="step")
        .encode(
            x=_time(scenario),
            y=alt.Y("rate:Q", title="exchanges a second, by when they were due", stack=True),
            color=alt.Color("end:N", title=None, scale=colours),
            order=alt.Order("end:N"),
        )
    )
    return _banded(scenario, areas, "how exchanges ended")


def _queues(scenario: Scenario, outcome: Outcome) -> Any:
    import altair as alt

    rows = list(queues_over_time(scenario, outcome))
    most = max(1, *(row["waiting"] for row in rows))  # an axis that has nothing but 0 puts it in the middle
    lines = (
        alt.Chart(_rows(iter(rows)))
        .mark_line(interpolate="step-after")
        .encode(
            x=_time(scenario),
            y=alt.Y(
                "waiting:Q",
                title="exchanges that wait for a processor",
                axis=alt.Axis(tickMinStep=1),
                scale=alt.Scale(domain=[0, most]),
            ),
            color=alt.Color(
                "where:N",
                title=None,
                scale=alt.Scale(domain=["at the hub", "at all nodes"], range=["#8b1a1a", "#4c78a8"]),
            ),
        )
    )
    return _banded(scenario, lines, "queues")


def _hops(scenario: Scenario, outcome: Outcome, costs: Calibration) -> Any:
    import altair as alt

    return (
        alt.Chart(_rows(split_of_visits(outcome, costs, away(scenario, costs))))
        .transform_calculate(order=f"indexof({list(_PARTS)}, datum.part)")
        .mark_bar()
        .encode(
            x=alt.X("ms:Q", title="ms an exchange, on average, all its attempts together"),
            y=alt.Y("visit:N", title=None, axis=alt.Axis(labelLimit=240)),
            color=alt.Color(
                "part:N",
                title=None,
                sort=list(_PARTS),
                scale=alt.Scale(domain=list(_PARTS), range=["#8b1a1a", "#4c78a8", "#b79a20", "#9aa5b1"]),
            ),
            order=alt.Order("order:Q"),
        )
        .properties(width=_WIDTH, height=160, title=_title("where the time goes, visit by visit"))
    )


def _reasons(told: Mapping[str, Any]) -> Any:
    import altair as alt

    rows = [{"reason": reason, "what": "exchanges", "count": count} for reason, count in told["reasons"].items()]
    rows += [
        {"reason": reason, "what": "attempts", "count": count} for reason, count in told["failed_attempts"].items()
    ]
    return (
        alt.Chart(_rows(iter(rows)))
        .mark_bar()
        .encode(
            x=alt.X(
                "count:Q", title="how many; attempts that failed, exchanges that ended so", axis=alt.Axis(tickMinStep=1)
            ),
            y=alt.Y("reason:N", title=None, sort="-x", axis=alt.Axis(labelLimit=240)),
            yOffset=alt.YOffset("what:N"),
            color=alt.Color(
                "what:N", title=None, scale=alt.Scale(domain=["attempts", "exchanges"], range=["#e3a5bb", "#8b1a1a"])
            ),
        )
        .properties(width=_WIDTH, height=alt.Step(16), title=_title("refusals and failures by reason"))
    )


def _banded(scenario: Scenario, chart: Any, title: str) -> Any:
    """With a band for each fault, behind."""
    import altair as alt

    bands = list(fault_bands(scenario))
    layers = []
    if bands:
        shaded = alt.Chart(_rows(iter(bands))).mark_rect(opacity=0.25)
        layers.append(
            shaded.encode(
                x=_time(scenario, "from:Q"),
                x2="to:Q",
                color=alt.Color(
                    "fault:N",
                    title="fault",
                    legend=alt.Legend(labelLimit=320),
                    scale=alt.Scale(range=["#d62728", "#9467bd", "#7f7f7f", "#bcbd22"]),
                ),
            )
        )
    layered = alt.layer(*layers, chart).resolve_scale(color="independent")
    return layered.properties(width=_WIDTH, height=_HEIGHT, title=_title(title))


def _time(scenario: Scenario, field: str = "time:Q") -> Any:
    import altair as alt

    name, seconds = time_unit(scenario.duration)
    scale = alt.Scale(domain=[0, scenario.duration / seconds], nice=False)
    return alt.X(field, title=f"time on the virtual clock, {name}", scale=scale)


def _title(text: str) -> str:
    return f"SIMULATED: {text}"


def _rows(rows: Iterator[dict[str, Any]]) -> Any:
    import altair as alt

    return alt.InlineData(values=list(rows))
