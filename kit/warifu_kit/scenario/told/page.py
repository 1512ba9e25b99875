"""``report.html`` and the PNGs: one page that needs nothing else, and each picture by itself.

Decides the order of the page: question, answer, what was expected, pictures, who measured the costs. Everything that a file or a run
says in it is escaped.
"""

from __future__ import annotations

import html
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from warifu_kit.scenario.told.summary import sentences

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["write_pages"]

_STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "h1{font-size:1.3rem}.mark{background:#8b1a1a;color:#fff;padding:.4rem .8rem;font-weight:600}"
    "table{border-collapse:collapse}td,th{padding:.2rem .8rem .2rem 0;text-align:left;vertical-align:top}"
    ".missed{color:#8b1a1a;font-weight:600}.small{color:#555;font-size:.85rem}"
)


def write_pages(path: Path, told: Mapping[str, Any], drawn: Mapping[str, Any]) -> None:
    """Write ``report.html`` and a PNG for each picture."""
    if not drawn:
        (path / "report.html").write_text(
            f"<!doctype html><html lang=en><head><meta charset=utf-8>{_head(told)}</head><body>{_told(told)}</body></html>\n",
            "utf-8",
        )
        return
    import altair as alt
    import vl_convert

    specs = {name: chart.to_dict() for name, chart in drawn.items()}
    for name, spec in specs.items():
        (path / f"{name}.png").write_bytes(vl_convert.vegalite_to_png(spec, scale=2))
    whole = alt.vconcat(*drawn.values(), spacing=40).resolve_scale(color="independent", x="independent")
    page = vl_convert.vegalite_to_html(whole.to_dict(), bundle=True)
    page = page.replace("<title>Chart</title>", _head(told), 1)
    before, body, after = page.rpartition("<body>")  # the programs before it have the word in a string
    (path / "report.html").write_text(f"{before}{body}{_told(told)}{after}", "utf-8")


def _head(told: Mapping[str, Any]) -> str:
    title = html.escape(f"SIMULATED: {told['scenario']}, seed {told['seed']}")
    return f"<title>{title}</title><style>{_STYLE}</style>"


def _told(told: Mapping[str, Any]) -> str:
    answer = "".join(f"<p>{html.escape(line)}</p>" for line in sentences(told)[1:3])
    rows = "".join(
        f"<tr><td>{html.escape(each['measure'])} {html.escape(each['bound'])}</td>"
        f"<td{'' if each['holds'] else ' class=missed'}>{'holds' if each['holds'] else 'missed'}: "
        f"{html.escape(each['told'])}</td></tr>"
        for each in told["expect"]
    )
    machine = html.escape(", ".join(f"{name} {value}" for name, value in told["calibration"]["machine"].items()))
    return (
        f"<p class=mark>SIMULATED: {html.escape(told['SIMULATED'])}</p>"
        f"<h1>{html.escape(told['question'])}</h1>{answer}"
        f"<table>{rows}</table>"
        f"<p class=small>{html.escape(told['scenario'])}, seed {told['seed']}, scale {told['scale']:g}, "
        f"engine {told['engine']}; costs measured on: {machine}</p>"
    )
