"""Whether what lies in a node's folder belongs together: settings and directory, keys and database."""

from __future__ import annotations

from warifu.agency import Agency, find_agency, installed_kinds
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import Directory
from warifu.party.folder import PartyFolder, PartySettings
from warifu.party.key_check import check_keys
from warifu.party.place import place_of
from warifu.permissions.table import TABLE_FILE, PermissionTable
from warifu.pki import Role
from warifu_services.node.adapter.open_kind import open_kind
from warifu_services.node.keys import NodeKeys
from warifu_services.node.store_database import DatabaseNodeStore

__all__ = ["agency_of", "check_fit", "fitting_store"]


def agency_of(kind: str, folder: PartyFolder, adapter: str | None) -> Agency:
    """What is known of agencies of a kind: what a package says, or, where a business system answers, at least the table.

    Raises: CONFIG_INVALID when no package has the kind, and no business system answers for it.
    """
    if (adapter or folder.settings().adapter) and kind not in installed_kinds():
        return open_kind(kind, PermissionTable.load(folder.path / TABLE_FILE))
    return find_agency(kind)


def check_fit(settings: PartySettings, directory: Directory, agency: Agency) -> None:
    """Refuse a folder whose settings are not of an agency of that kind, in that directory. Raises: CONFIG_INVALID."""
    if settings.role != Role.AGENCY.value:
        raise WarifuError(Reason.CONFIG_INVALID, where="party.json: role is not agency")
    if settings.network != directory.network:
        raise WarifuError(Reason.CONFIG_INVALID, where="party.json: not the network that directory.json is of")
    kinds = (settings.institution_kind, directory.entry(settings.institution_code, where="party.json").kind)
    if kinds != (agency.kind, agency.kind):
        raise WarifuError(Reason.CONFIG_INVALID, where=f"party.json: institution_kind is not {agency.kind}")


def fitting_store(folder: PartyFolder, keys: NodeKeys) -> DatabaseNodeStore:
    """The folder's database, or the one on a server that its settings name, which these keys must fit. Raises: KEY_INVALID, STORE_UNAVAILABLE."""
    settings = folder.settings()
    schema = f"warifu_{settings.institution_code}"
    store = DatabaseNodeStore(place_of(folder.path / "node.sqlite3", settings.store, schema=schema))
    try:
        check_keys(store.database, {"row.key": keys.provider.row_secret, "storage.key": keys.at_rest.storage_key})
    except BaseException:
        store.close()
        raise
    return store
