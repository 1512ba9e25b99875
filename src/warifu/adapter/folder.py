"""What a business system needs of a network to be one's: a certificate, its key, whom to trust and whom to let in.

Decides which file holds what. ``warifu certificate adapter`` writes such a folder; whatever language the business system is
written in reads the same files.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from warifu.errors import Reason, WarifuError
from warifu.pki import CredentialFiles, Identity, write_public_file
from warifu.saved_text import NotTextError, parse_json, without_mark

__all__ = ["AdapterFolder", "AdapterSettings"]

ADAPTER_FILE = "adapter.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterSettings:
    """Whose business system it is. ``node_uri`` is the one URI in the certificate of the only caller to let in.

    ``node_server_name`` is the TLS name of that node, for calls to it; ``server_name`` is the business system's own.
    """

    notice: str
    network: str
    institution_code: str
    institution_kind: str
    node_uri: str
    node_server_name: str
    server_name: str


@dataclass(frozen=True, slots=True)
class AdapterFolder:
    """A folder with ``tls.pem``, ``tls.key``, ``root.pem`` and ``adapter.json``."""

    path: Path

    def settings(self) -> AdapterSettings:
        """Raises: CONFIG_INVALID, naming the file."""
        where = str(self.path / ADAPTER_FILE)
        try:
            fields: Any = parse_json((self.path / ADAPTER_FILE).read_bytes())
            return AdapterSettings(**fields)
        except (OSError, TypeError) as error:
            raise WarifuError(Reason.CONFIG_INVALID, where=where, debug=type(error).__name__) from None
        except NotTextError as error:
            raise WarifuError(Reason.CONFIG_INVALID, where=error.at(where)) from None

    def write_settings(self, settings: AdapterSettings) -> None:
        """Write them, for whatever language reads them. Raises: OSError."""
        text = json.dumps(asdict(settings), ensure_ascii=False, indent=2)
        write_public_file(self.path / ADAPTER_FILE, f"{text}\n".encode())

    def node(self) -> Identity:
        """The only caller to let in. Raises: CONFIG_INVALID."""
        where = str(self.path / ADAPTER_FILE)
        try:
            return Identity.parse_uri(self.settings().node_uri, where)
        except WarifuError as error:
            raise WarifuError(Reason.CONFIG_INVALID, where=where) from error

    def credential(self) -> CredentialFiles:
        """The certificate and its key, followed as they are replaced. Raises: KEY_INVALID."""
        return CredentialFiles(self.path / "tls.pem", self.path / "tls.key", root_pem=self.root_pem())

    def root_pem(self) -> bytes:
        """The certificate of the network's root. Raises: KEY_INVALID."""
        try:
            return without_mark((self.path / "root.pem").read_bytes())
        except OSError as error:
            raise WarifuError(Reason.KEY_INVALID, where=str(self.path / "root.pem")) from error
