"""``warifu hub``, ``authority``, ``agency``, ``jpki``, ``verifier``: one party each, as a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from warifu.party.process import run_party

__all__ = ["agency", "authority", "hub", "jpki", "verifier"]

Dir = Annotated[
    Path, typer.Option("--dir", metavar="DIR", help="The party's folder, made by `warifu up` or `warifu new`.")
]
Listen = Annotated[
    str | None,
    typer.Option(metavar="HOST:PORT", help="Where to listen; port 0 takes a free one. [default: party.json]"),
]
HubAddress = Annotated[str, typer.Option("--hub", metavar="HOST:PORT", help="Where the hub listens.")]
AuthorityAddress = Annotated[
    str, typer.Option("--authority", metavar="HOST:PORT", help="Where the numbering authority listens.")
]
JpkiAddress = Annotated[
    str, typer.Option("--jpki", metavar="HOST:PORT", help="Where the certificate authority listens.")
]
LogLevel = Annotated[Literal["debug", "info", "warning", "error"], typer.Option(help="How much the log says.")]
GoOn = Annotated[
    bool, typer.Option("--go-on", help="Go on though this party was restored from an older state than others know.")
]
Store = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Keep rows at postgresql://user@host/database, and a password in PGPASSFILE. [default: a file in the folder]",
    ),
]
StandBy = Annotated[
    bool, typer.Option("--stand-by", help="Wait while another hub owns the store; serve when it has ended.")
]
Workers = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        max=16,
        help="Serve with N processes on one port, and keep the log in one more. [default: party.json, or 1: one process]",
    ),
]
Spread = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        min=0,
        max=600,
        help="Delay each submitted inquiry at random, by so much at most. [default: party.json, or 0]",
    ),
]
Adapter = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT",
        help="Where the agency's business system serves AdapterService. [default: party.json, or none]",
    ),
]
StopWithParent = Annotated[bool, typer.Option("--stop-with-parent", help="Stop when the starting process ends.")]


def hub(
    dir_: Dir,
    listen: Listen = None,
    go_on: GoOn = False,
    store: Store = None,
    stand_by: StandBy = False,
    workers: Workers = None,
    log_level: LogLevel = "warning",
    stop_with_parent: StopWithParent = False,
) -> None:
    """Run the mediating hub.

    With --store its rows are on a PostgreSQL server. Two hubs with the same folder's files and the same store are one hub
    that does not end with a machine: one serves, and the other, started with --stand-by, takes over when that has ended.

    With --workers 2 or more it serves with so many processes, and uses as many cores; one more keeps the log.

    A hub whose log is older than what the agencies have seen takes no exchange until it is started once with --go-on.

    Example: warifu hub --dir net/hub --listen 127.0.0.1:7400
    """
    from warifu_hub.app import start_hub

    raise typer.Exit(
        start_hub(
            dir_,
            workers=workers,
            listen=listen,
            go_on=go_on,
            store=store,
            stand_by=stand_by,
            log_level=log_level,
            stop_with_parent=stop_with_parent,
        )
    )


def authority(
    dir_: Dir,
    hub_address: HubAddress,
    listen: Listen = None,
    log_level: LogLevel = "warning",
    stop_with_parent: StopWithParent = False,
) -> None:
    """Run the numbering authority.

    Example: warifu authority --dir net/authority --hub 127.0.0.1:7400 --listen 127.0.0.1:7401
    """
    from warifu_services.authority.app import run_authority

    raise typer.Exit(
        run_party(
            lambda stop: run_authority(stop, dir_, hub=hub_address, listen=listen),
            party="authority",
            log_level=log_level,
            stop_with_parent=stop_with_parent,
        )
    )


def agency(
    party: Annotated[
        str, typer.Argument(metavar="PARTY", help="The agency's name, which is its folder's, or its kind.")
    ],
    dir_: Dir,
    hub_address: HubAddress,
    authority_address: AuthorityAddress,
    listen: Listen = None,
    spread: Spread = None,
    adapter: Adapter = None,
    go_on: GoOn = False,
    log_level: LogLevel = "warning",
    stop_with_parent: StopWithParent = False,
) -> None:
    """Run one agency's node.

    With an adapter, the agency's business system at that address is asked each time, and replicas do not answer.

    With a spread, what a business system submits is sent at a random moment within it; one that waits is not delayed.

    A node that lacks records the hub's log has neither asks nor answers until it is started once with --go-on.

    Example: warifu agency tax --dir net/tax --hub 127.0.0.1:7400 --authority 127.0.0.1:7401
    """
    from warifu_services.node.app import run_node

    raise typer.Exit(
        run_party(
            lambda stop: run_node(
                stop,
                dir_,
                party=party,
                hub=hub_address,
                authority=authority_address,
                listen=listen,
                go_on=go_on,
                spread_s=spread,
                adapter=adapter,
            ),
            party=party,
            log_level=log_level,
            stop_with_parent=stop_with_parent,
        )
    )


def jpki(
    dir_: Dir,
    listen: Listen = None,
    log_level: LogLevel = "warning",
    stop_with_parent: StopWithParent = False,
) -> None:
    """Run the certificate authority of JPKI, which issues SIMULATED certificates, and cards, to nobody who exists.

    OCSP and the revocation lists can be had over HTTP too, at the address in DIR/http.json.

    Example: warifu jpki --dir net/jpki --listen 127.0.0.1:7410
    """
    from warifu_services.jpki.app import run_jpki

    raise typer.Exit(
        run_party(
            lambda stop: run_jpki(stop, dir_, listen=listen),
            party="jpki",
            log_level=log_level,
            stop_with_parent=stop_with_parent,
        )
    )


def verifier(
    dir_: Dir,
    jpki_address: JpkiAddress,
    listen: Listen = None,
    status_by: Annotated[
        Literal["ocsp", "list"],
        typer.Option(help="Ask the authority about each certificate, or go by its list, which may be a day old."),
    ] = "ocsp",
    log_level: LogLevel = "warning",
    stop_with_parent: StopWithParent = False,
) -> None:
    """Run the platform operator, which verifies certificates and signatures for services.

    Example: warifu verifier --dir net/verifier --jpki 127.0.0.1:7410 --listen 127.0.0.1:7411
    """
    from warifu_services.verifier.app import run_verifier
    from warifu_services.verifier.standing import StatusSource

    raise typer.Exit(
        run_party(
            lambda stop: run_verifier(stop, dir_, jpki=jpki_address, listen=listen, source=StatusSource(status_by)),
            party="verifier",
            log_level=log_level,
            stop_with_parent=stop_with_parent,
        )
    )
