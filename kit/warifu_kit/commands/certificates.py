"""``warifu certificate``: renewing and revoking a party's certificates, while the network is up or down."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from warifu.printable import shell_command
from warifu_kit.output import say, say_json

__all__ = ["app"]

app = typer.Typer(name="certificate", help="Renew or revoke the certificates of a party.", no_args_is_help=True)

NetworkDir = Annotated[Path, typer.Argument(metavar="DIR", help="The network's folder.")]
Party = Annotated[str, typer.Argument(metavar="PARTY", help="Such as hub, authority, supervisor, residence or tax.")]
Agency = Annotated[str, typer.Argument(metavar="PARTY", help="The agency whose it is, such as tax.")]
Json = Annotated[bool, typer.Option("--json", help="Tell it as one line of JSON.")]


@app.command()
def renew(path: NetworkDir, party: Party, json: Json = False) -> None:
    """Give PARTY new certificates and keys; its process takes them up by itself.

    The old ones stay good until they end or are revoked.

    Example: warifu certificate renew net tax
    """
    from warifu_kit.network.custody import renew as renew_certificates

    replaced = renew_certificates(path, party)
    if json:
        say_json({"party": party, "replaced": _hexadecimal(replaced)})
    else:
        say(f"renewed {party}; replaced {', '.join(_hexadecimal(replaced))}")


@app.command()
def revoke(path: NetworkDir, party: Party, json: Json = False) -> None:
    """Take back all of PARTY's certificates: within some seconds nobody takes a call from it, and nobody calls it.

    Those replaced by others before are taken back as well. To let the party go on, renew afterwards.

    Example: warifu certificate revoke net tax
    """
    from warifu_kit.network.custody import revoke as revoke_certificates

    revoked = revoke_certificates(path, party)
    if json:
        say_json({"party": party, "revoked": _hexadecimal(revoked)})
        return
    say(
        f"revoked {party}: {', '.join(_hexadecimal(revoked))};"
        f" to let it go on: {shell_command('warifu', 'certificate', 'renew', path, party)}"
    )


@app.command()
def adapter(
    path: NetworkDir,
    party: Agency,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to write; made if need be.")],
    json: Json = False,
) -> None:
    """Give PARTY's business system what it needs to answer its node: a certificate, its key, and whom to let in.

    Revoking PARTY takes the certificate back, too. It is good for 90 days: the same command again renews it.

    Example: warifu certificate adapter net tax tax-system
    """
    from warifu_kit.network.adapter_folder import make_adapter_folder

    made = make_adapter_folder(path, party, folder)
    if json:
        say_json({"party": party, "folder": str(folder), "node": made.node_uri})
    else:
        say(f"{folder} is for the business system of {party}; it lets in {made.node_uri} and nobody else")


def _hexadecimal(serials: list[int]) -> list[str]:
    return [f"{serial:x}" for serial in serials]
