"""``warifu card``: a SIMULATED card, and a reader that every PC/SC program sees."""

from __future__ import annotations

import typer

from warifu_kit.commands.card import free_space, issuing, making, pin, reading, spoiling

__all__ = ["app"]

app = typer.Typer(
    name="card", help="A SIMULATED My Number Card that other people's programs find in a reader.", no_args_is_help=True
)
app.command()(issuing.apply)
app.command()(issuing.collect)
app.command()(issuing.suspend)
app.command()(issuing.resume)
app.command()(issuing.reissue)
app.command()(issuing.history)
app.command()(making.specimen)
app.command()(making.personalise)
app.command()(reading.insert)
app.command()(reading.remove)
app.command()(reading.shell)
app.command()(making.show)
app.command()(spoiling.spoil)
app.add_typer(pin.app)
app.add_typer(free_space.app)
