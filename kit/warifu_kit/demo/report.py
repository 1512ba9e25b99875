"""The report of a demonstration, for people: a table per procedure, the refusals, the checks, one last sentence.

Decides what is shown and how, within 80 columns. Everything in it is in the result too.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from warifu.exchange.proof_policy import OFF_WARNING, PolicyKind, ProofPolicy
from warifu.printable import printable
from warifu_kit.demo.result import AnswerCounts, DemoResult, ProcedureResult
from warifu_kit.output import Terminal

__all__ = ["print_report"]

_PAIR = 2
"""One registry and one tax office are asked: both."""

_ITEMS = {
    "TM99000000000001": "resident record",
    "TM00000000000002": "local tax",
}


def print_report(console: Terminal, result: DemoResult) -> None:
    """Print the whole report."""
    people = f"{result.residents} residents" + (f" of {result.residents_file}" if result.residents_file else "")
    made = f"network {result.network}: {people}, seed {result.seed}, suite {result.suite}"
    console.print()
    console.print(Text.assemble(("SIMULATED", "bold"), " ", printable(f"{made}, proofs {result.proofs}")))
    _print_if_unproven(console, result)
    for procedure in result.procedures:
        _print_procedure(console, procedure)
    _print_refusals(console, result)
    _print_checks(console, result)
    _print_end(console, result)
    _print_if_unproven(console, result)


def _print_if_unproven(console: Terminal, result: DemoResult) -> None:
    """Above and below everything else, that nothing was proven."""
    if ProofPolicy.parse(result.proofs).kind is PolicyKind.OFF:
        console.print(Text(OFF_WARNING, style="bold red"))


def _print_procedure(console: Terminal, result: ProcedureResult) -> None:
    console.print()
    if len(result.inquirers) > 1:
        console.print(_inquirers(result))
        console.print()
    several = len(result.questions) > _PAIR
    console.print(_providers_by_item(result) if several else _providers(result))
    console.print(_indented(_outcome_lines(result)))


def _providers(result: ProcedureResult) -> Table:
    table = _counts_table(f"{result.procedure}: {result.inquirer} asks", "asked of", "about")
    for counts in result.questions:
        table.add_row(counts.provider, _item(counts), *_cells(counts))
    table.add_row("both", "", *_cells(result.total), style="bold")
    return table


def _providers_by_item(result: ProcedureResult) -> Table:
    """The same where many are asked: a line with the item stands above those who were asked for it."""
    table = _counts_table(f"{result.procedure}: {result.inquirer} asks", "asked of")
    for item in dict.fromkeys(map(_item, result.questions)):
        table.add_row(f"about {item}:", style="italic")
        for counts in result.questions:
            if _item(counts) == item:
                table.add_row(counts.provider, *_cells(counts))
    table.add_row("all", *_cells(result.total), style="bold")
    return table


def _item(counts: AnswerCounts) -> str:
    return _ITEMS.get(counts.item, counts.item)


def _inquirers(result: ProcedureResult) -> Table:
    """Where several agencies ask in one procedure: what each of them came to."""
    table = _counts_table(f"{result.procedure}: {len(result.inquirers)} agencies ask", "asked by", "decided")
    for counts in result.inquirers:
        table.add_row(counts.inquirer, f"{counts.decided} of {counts.applications}", *_cells(counts.total))
    table.add_row("all", f"{result.decided} of {result.applications}", *_cells(result.total), style="bold")
    return table


def _counts_table(title: str, who: str, *more: str) -> Table:
    table = _table(title)
    table.add_column(who, overflow="fold")
    for heading in more:
        table.add_column(heading, no_wrap=True)
    for heading in ("asked", "answered", "pending", "refused", "p50 ms", "p99 ms"):
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _cells(counts: AnswerCounts) -> list[str]:
    refused = str(counts.refused + counts.failed)
    numbers = [counts.asked, counts.answered, counts.pending]
    times = [f"{counts.latency.p50_ms:.1f}", f"{counts.latency.p99_ms:.1f}"]
    return [*map(str, numbers), refused, *times]


def _outcome_lines(result: ProcedureResult) -> list[str]:
    """What the table cannot show: reasons, decisions, and the certificates that were spared."""
    lines = [f"refused: {count} {reason}" for reason, count in result.total.reasons.items()]
    rate = result.total.asked / result.seconds if result.seconds else 0.0
    lines.append(f"{result.decided} of {result.applications} applications decided; {rate:.0f} inquiries a second")
    if result.decisions:
        lines.append("decided: " + ", ".join(f"{count} × {what}" for what, count in result.decisions.items()))
    if result.certificates:
        lines.append("each of them no longer needed to bring:")
        lines += [f"- {certificate}" for certificate in result.certificates]
    return lines


def _print_refusals(console: Terminal, result: DemoResult) -> None:
    table = _table("Refusals made on purpose")
    for heading in ("refusal", "came to", ""):
        table.add_column(heading, no_wrap=True)
    for refusal in result.refusals:
        table.add_row(refusal.name, refusal.got, _mark(refusal.holds))
    console.print()
    console.print(table)
    for number, refusal in enumerate(result.refusals, 1):
        for first, step in enumerate(refusal.steps):  # not folded: commands are among them
            console.print("  " if first else f"{number}.", step, soft_wrap=True)


def _print_checks(console: Terminal, result: DemoResult) -> None:
    table = _table("Checks")
    table.add_column("", no_wrap=True)
    table.add_column("what must hold", no_wrap=True)
    table.add_column("what was found")
    for check in result.checks:
        table.add_row(_mark(check.holds), check.name, check.detail)
    console.print()
    console.print(table)


def _table(title: str) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
    )


def _indented(lines: Sequence[str]) -> Table:
    """Lines that stay indented where they are too long for the terminal."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(min_width=2)
    grid.add_column()
    for line in lines:
        grid.add_row("", line)
    return grid


def _mark(holds: bool) -> Text:
    return Text("holds", style="green") if holds else Text("DOES NOT HOLD", style="bold red")


def _print_end(console: Terminal, result: DemoResult) -> None:
    console.print()
    for line in _event_lines(result):
        console.print(line)
    failed = [check for check in result.checks if not check.holds]
    if not failed:
        console.print(Text("Everything holds.", style="bold green"))
        return
    console.print(Text(f"{len(failed)} of {len(result.checks)} checks do not hold:", style="bold red"))
    for check in failed:
        console.print(f"- {check.name}: {check.detail}")


def _event_lines(result: DemoResult) -> list[str]:
    first = result.seconds.get("first_exchange")
    lines = [f"{result.seconds['total']:.1f} s in all"]
    if first is not None:
        lines[0] = f"first exchange answered {first:.1f} s after the start; " + lines[0]
    if result.restarts:
        lines.append("started again: " + ", ".join(f"{party} × {n}" for party, n in result.restarts.items()))
    if result.retries:
        lines.append("asked again: " + ", ".join(f"{count} × {reason}" for reason, count in result.retries.items()))
    return lines
