"""What can be asked of a load test on the command line, in the environment, and in locust's web page."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from typing import Any

from locust import events

from warifu_loadtest.deciding.mix import parsed_mix
from warifu_loadtest.deciding.verdict import Thresholds
from warifu_loadtest.shapes import SHAPES, Asked
from warifu_loadtest.users import USERS

__all__ = ["asked", "named"]

_MOST_AT_ONCE = 64


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError("should be above 0")
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("should be from 0 to 1")
    return value


def _mix(text: str) -> str:
    try:
        parsed_mix(text, {user: kind.share for user, kind in USERS.items()})
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]  # locust types no hooks
def add_options(parser: Any, **_: object) -> None:
    """Add what this load test can be asked. As many calls as ``--users`` can be open at a time."""
    parser.set_defaults(num_users=_MOST_AT_ONCE, spawn_rate=float(_MOST_AT_ONCE))
    add = parser.add_argument
    hidden = {"include_in_web_ui": False}
    add("--network", env_var="WARIFU_NETWORK", default="", metavar="DIR", help="the network's folder", **hidden)
    add("--agencies", default="", metavar="NAMES", help="be these agencies only, comma between", **hidden)
    add("--shape", choices=list(SHAPES), default="steady", help="how the rate goes")
    add("--rate", type=_positive, default=50.0, help="arrivals a second: all along, at the peak, or to begin with")
    add("--seconds", type=_positive, default=60.0, help="how long, but for a search")
    add("--step", type=_positive, default=10.0, metavar="SECONDS", help="how long a search stays at a rate")
    add("--mix", type=_mix, default="", metavar="SHARES", help="such as childcare_clerk=3,auditor=1; all if left out")
    add(
        "--max-p99",
        type=_positive,
        default=1000.0,
        metavar="MS",
        help="the longest p99 that is good enough, of those who wait",
    )
    add("--max-failed", type=_share, default=0.0, metavar="SHARE", help="how many calls may fail, 0 to 1")
    add("--min-achieved", type=_share, default=0.9, metavar="SHARE", help="of what is due, what must end in time")
    add("--seed", default="1", help="decides when arrivals come")
    add("--out", default="", metavar="DIR", help="where the report goes: HTML, CSV and JSON", **hidden)


def asked(options: Any, able: Collection[str]) -> Asked:
    """What the options ask of users that anybody here can be."""
    mix = parsed_mix(options.mix, {user: kind.share for user, kind in USERS.items()})
    thresholds = Thresholds(
        p99_ms=options.max_p99,
        failed_share=options.max_failed,
        achieved_share=options.min_achieved,
        patient=frozenset(user for user, kind in USERS.items() if not kind.waits),
    )
    return Asked(
        rate=options.rate,
        seconds=options.seconds,
        step_s=options.step,
        mix={user: share for user, share in mix.items() if user in able},
        thresholds=thresholds,
    )


def named(text: str) -> tuple[str, ...]:
    """The names in a list with commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())
