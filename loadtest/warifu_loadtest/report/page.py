"""The report as one page that needs nothing else: no script, no font, no picture from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from warifu_loadtest.deciding.verdict import whole_tally
from warifu_loadtest.report.charts import Line, bar, chart
from warifu_loadtest.report.told import Told

__all__ = ["page"]

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --good: #1a7f37; --bad: #cf222e; --soft: #8881; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1100px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
.banner { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: .4rem .8rem; }
.good { color: var(--good); font-weight: 600; } .bad { color: var(--bad); font-weight: 600; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .86rem; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th.word, td.word { text-align: left; } tr.unmeant td { color: var(--bad); }
svg { width: 100%; height: auto; max-width: 760px; } svg text { fill: currentColor; font-size: 11px; }
"""
_PATIENT = "<p>Times here are of users who wait for each answer, as the thresholds are: not of the rows of files.</p>"
_NO_HOPS = "<p>No party told how long it took: the network was started without <code>--timings</code>.</p>"
_HEADINGS = {
    "asked_per_s": "asked/s",
    "achieved_per_s": "achieved/s",
    "open_at_end": "open at end",
    "ended_late": "ended late",
    "never_begun": "never begun",
    "cut_off": "cut off",
    "per_s": "/s",
    "started_late_p99_ms": "started late, p99 ms",
    "busiest_process": "busiest process, cores",
    "kept_up": "kept up",
    "rpc": "RPC",
}


def page(told: Told) -> str:
    """The whole page."""
    whole = told.told()
    parts = [
        _head(told, whole),
        _section("Asked and achieved", _PATIENT, _rates(told), _table(whole["stages"])),
        _section("How long calls took, from when they should have started", _latency(told), _table(whole["calls"])),
        _section("Where the time of an inquiry went", _hops(told), _table(whole["hops"]) or _NO_HOPS),
        _section("The same calls, seen by another tool", _table(whole["beside"]) or "<p>There is no ghz here.</p>"),
        _section("Samples of refusals and failures", _table(whole["samples"]) or "<p>None.</p>"),
        _section("Where the calls were made", _table(whole["processes"])),
    ]
    title = "SIMULATED network under load"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><h1>{title}</h1>{''.join(parts)}</body></html>\n"
    )


def _head(told: Told, whole: Mapping[str, Any]) -> str:
    thresholds = whole["thresholds"]
    mix = ", ".join(f"{user} {share:g}" for user, share in whole["mix"].items())
    good = (
        f"p99 at most {thresholds['p99_ms']:g} ms, at most {thresholds['failed_share']:.2%} failed,"
        f" at least {thresholds['achieved_share']:.0%} of what is due ended in time"
    )
    sentences = [
        '<p class="banner">Everything here is SIMULATED: no person, number or record in it is real.</p>',
        f"<p>{escape(whole['shape'])}; mix: {escape(mix)}. {whole['calls_in_all']:,} calls,",
        f" {whole['failed_in_all']:,} failed. Good enough is: {good}.</p>",
        *(f'<p class="bad">Missed: {escape(each)}.</p>' for each in whole["missed"]),
        *(f'<p class="bad">Look out: {escape(each)}.</p>' for each in whole["warnings"]),
    ]
    if not whole["missed"]:
        sentences.append('<p class="good">Nothing was missed.</p>')
    knee = told.knee()
    if knee is not None:
        held = "no rate" if knee.held is None else f"{knee.held:,.0f} a second"
        not_held = "no rate that was tried" if knee.not_held is None else f"{knee.not_held:,.0f} a second"
        sentences.append(
            f"<p><b>The knee</b>: the highest rate that held is {held}, the lowest that did not {not_held}.</p>"
        )
    return "".join(sentences)


def _rates(told: Told) -> str:
    rows = told.stages()
    if told.knee() is not None:
        rows = sorted(rows, key=lambda row: row["asked_per_s"])
        lines = [
            Line("achieved/s", [(row["asked_per_s"], row["achieved_per_s"]) for row in rows]),
            Line("as asked", [(row["asked_per_s"], row["asked_per_s"]) for row in rows]),
        ]
        return chart(lines, across="asked a second", up="a second")
    lines, at = [Line("asked/s", []), Line("achieved/s", [])], 0.0
    for row in rows:
        for line, name in zip(lines, ("asked_per_s", "achieved_per_s"), strict=True):
            line.points.extend([(at, row[name]), (at + row["seconds"], row[name])])
        at += row["seconds"]
    return chart(lines, across="seconds", up="a second")


def _latency(told: Told) -> str:
    """Percentiles over the share that is left above them, so that the tail is seen."""
    tally = whole_tally(told.outcomes)
    names = sorted({(end.user, end.rpc) for end, _ in tally.lines()})
    shares = [0, 50, 75, 90, 95, 97.5, 99, 99.5, 99.9]
    lines = [
        Line(f"{user}: {rpc}", [(place, tally.took(user, rpc).percentile(p) / 1000) for place, p in enumerate(shares)])
        for user, rpc in names
    ]
    return chart(lines, across="percentile", up="ms", marks=[f"{share:g}" for share in shares], logarithmic=True)


def _hops(told: Told) -> str:
    """The means, end to end, as one bar."""
    rows = told.hops()
    return bar([(row["hop"], row["mean_ms"]) for row in rows], unit="ms")


def _section(title: str, *parts: str) -> str:
    return f"<h2>{escape(title)}</h2>{''.join(parts)}"


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return ""
    names = list(rows[0])
    words = {name for name in names if isinstance(rows[0][name], str)}
    head = "".join(_cell("th", name, _heading(name), words) for name in names)
    body = "".join(
        f"<tr{_class(row)}>{''.join(_cell('td', name, _text(row.get(name, '')), words) for name in names)}</tr>"
        for row in rows
    )
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def _heading(name: str) -> str:
    return _HEADINGS.get(name, name.replace("_ms", " ms").replace("_", " "))


def _class(row: Mapping[str, Any]) -> str:
    return ' class="unmeant"' if str(row.get("meant", "True")) == "False" else ""


def _cell(tag: str, name: str, text: str, words: set[str]) -> str:
    kind = ' class="word"' if name in words else ""
    return f"<{tag}{kind}>{escape(text)}</{tag}>"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
