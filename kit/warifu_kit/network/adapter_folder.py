"""Making the folder from which a business system serves its node: certificate, key, root, and whom to let in.

Decides what is in it. The certificate is one more of the party's business system; taking back the party's takes it back too.
"""

from __future__ import annotations

from pathlib import Path

from warifu.adapter.folder import ADAPTER_FILE, AdapterFolder, AdapterSettings
from warifu.clock import Clock, SystemClock
from warifu.errors import Reason, WarifuError
from warifu.party.network_file import party_called, read_network_file
from warifu.pki import Identity, Role, make_private_folder, write_public_file
from warifu_kit.network.custody import issue_further

__all__ = ["make_adapter_folder"]


def make_adapter_folder(path: Path, party: str, folder: Path, *, clock: Clock | None = None) -> AdapterSettings:
    """Write what the business system of ``party`` needs into ``folder``; again replaces it, with a new certificate.

    Raises: CONFIG_INVALID when ``party`` is no agency of the network in ``path``, or the folder is another party's; KEY_INVALID, naming the root's file;
        PATH_UNUSABLE.
    """
    described = read_network_file(path)
    kinds = {each: about.institution_kind for each, about in described.parties.items()}
    name = party_called(party, kinds, path)
    about = described.parties[name]
    if about.role != Role.AGENCY.value:
        raise WarifuError(Reason.CONFIG_INVALID, where=f"{path}: {name} is no agency, and has no business system")
    system, node = (
        Identity(network=described.network, role=role, institution=about.institution_code)
        for role in (Role.BUSINESS, Role.AGENCY)
    )
    settings = AdapterSettings(
        notice=described.notice,
        network=described.network,
        institution_code=about.institution_code,
        institution_kind=about.institution_kind,
        node_uri=node.uri,
        node_server_name=node.dns_name,
        server_name=system.dns_name,
    )
    _check_ours(folder, settings)
    credential = issue_further(path, name, system, clock or SystemClock())
    try:
        if not folder.exists():
            make_private_folder(folder)
        write_public_file(folder / "root.pem", (path / described.root_certificate).read_bytes())
        AdapterFolder(folder).write_settings(settings)
        credential.save(folder / "tls.pem", folder / "tls.key")
    except OSError as error:
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{error.filename or folder}: {error.strerror}") from error
    return settings


def _check_ours(folder: Path, settings: AdapterSettings) -> None:
    """Refuse to write over what another business system serves from. Raises: CONFIG_INVALID."""
    if not (folder / ADAPTER_FILE).exists():
        return
    there = AdapterFolder(folder).settings()
    if (there.network, there.institution_code) != (settings.network, settings.institution_code):
        where = f"{folder}: is of the {there.institution_kind} agency {there.institution_code}; name another folder"
        raise WarifuError(Reason.CONFIG_INVALID, where=where)
