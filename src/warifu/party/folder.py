"""One party's folder: its settings, certificates, keys and directory, as files.

Decides which file holds what and that secrets are readable by their owner alone. Secrets are files, never values in a
settings file, so that a settings file can be shown to anyone. Knows no protocol.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from cryptography import x509

from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import Directory
from warifu.identifiers import InstitutionCode
from warifu.party.directory_file import DIRECTORY_FILE, read_directory_file
from warifu.pki import CredentialFiles, Identity, Role, sync_folder, write_public_file
from warifu.saved_text import NotTextError, parse_json, without_mark

__all__ = ["PartyFolder", "PartySettings"]

_SETTINGS = "party.json"
_NUMBERS: dict[str, tuple[type, ...]] = {
    "spread_s": (int, float),
    "beat_s": (int, float),
    "codes_a_day": (int,),
    "misses_a_day": (int,),
    "workers": (int,),
}
_TEXTS: Final = {"adapter": "host:port, as text", "store": "an address, as text: postgresql://user@host/database"}
_LEFT_OUT: Final = frozenset({*_NUMBERS, *_TEXTS})
"""What need not be in the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartySettings:
    """What a party is. ``listen`` is host:port; port 0 takes any free one.

    The numbers are for one role each and may be left out of the file: ``spread_s``, over how many seconds an agency spreads
    the inquiries that nobody waits for; ``beat_s``, how often a hub publishes its log to members; ``codes_a_day`` and
    ``misses_a_day``, what one agency may acquire, and try in vain, of the authority;
    ``workers``, as how many processes a hub serves. ``adapter`` is host:port of an agency's
    business system, where that answers instead of replicas; ``store`` is where the party's rows are, where that is no file.
    """

    network: str
    role: str
    institution_code: InstitutionCode
    institution_kind: str
    institution_name: str
    listen: str
    spread_s: float | None = None
    beat_s: float | None = None
    codes_a_day: int | None = None
    misses_a_day: int | None = None
    workers: int | None = None
    adapter: str | None = None
    store: str | None = None


@dataclass(frozen=True, slots=True)
class PartyFolder:
    """A folder that holds one party."""

    path: Path

    def settings(self) -> PartySettings:
        """The party's settings. Raises: CONFIG_INVALID, naming the file and the field."""
        try:
            fields = parse_json((self.path / _SETTINGS).read_bytes())
        except OSError as error:
            raise WarifuError(Reason.CONFIG_INVALID, where=_SETTINGS, debug=type(error).__name__) from error
        except NotTextError as error:
            raise WarifuError(Reason.CONFIG_INVALID, where=error.at(_SETTINGS)) from error
        expected = set(PartySettings.__slots__) - _LEFT_OUT
        left_out = {} if not isinstance(fields, dict) else {n: fields.pop(n) for n in _LEFT_OUT if n in fields}
        if (
            not isinstance(fields, dict)
            or set(fields) != expected
            or not all(isinstance(v, str) for v in fields.values())
        ):
            wanted = ", ".join(sorted(expected))
            raise WarifuError(Reason.CONFIG_INVALID, where=f"{_SETTINGS}: needs exactly the text fields {wanted}")
        for name, value in left_out.items():
            if not _is_setting(value, name):
                wanted = _TEXTS.get(name, "a number from 0")
                raise WarifuError(Reason.CONFIG_INVALID, where=f"{_SETTINGS}: {name} should be {wanted}")
        where = f"{_SETTINGS}: institution_code"
        try:
            code = InstitutionCode.parse(fields.pop("institution_code"), where)
        except WarifuError as error:
            raise WarifuError(Reason.CONFIG_INVALID, where=where) from error
        return PartySettings(institution_code=code, **fields, **left_out)

    def write_settings(self, settings: PartySettings) -> None:
        """Write the party's settings."""
        told = {name: value for name, value in asdict(settings).items() if value is not None}
        text = json.dumps(told, ensure_ascii=False, indent=2)
        write_public_file(self.path / _SETTINGS, (text + "\n").encode())

    def directory(self) -> Directory:
        """The party's copy of the directory, every entry verified.

        Raises: DIRECTORY_INVALID; CONFIG_INVALID when this machine lacks the library of the network's suite.
        """
        return Directory.from_message(read_directory_file(self.path / DIRECTORY_FILE), self.root_pem())

    def identity(self) -> Identity:
        """Who the party is, by its settings. Raises: CONFIG_INVALID for an unknown role."""
        settings = self.settings()
        try:
            role = Role(settings.role)
        except ValueError:
            raise WarifuError(Reason.CONFIG_INVALID, where=f"{_SETTINGS}: role") from None
        return Identity(network=settings.network, role=role, institution=settings.institution_code)

    def credential(self, **heard: Any) -> CredentialFiles:
        """The party's certificate and key, followed as their files are replaced.

        ``heard`` is whatever else :class:`CredentialFiles` takes: what a replacement must fit, and who hears of it.

        Raises: KEY_INVALID, naming the file, also when the key is open to others now.
        """
        key = self.path / "tls.key"
        if key.exists():  # of a missing one the reader tells
            _refuse_if_open_to_others(key)
        return CredentialFiles(self.path / "tls.pem", key, **heard)

    def root_pem(self) -> bytes:
        """The certificate of the network's root. Raises: KEY_INVALID."""
        try:
            root_pem = without_mark((self.path / "root.pem").read_bytes())
            x509.load_pem_x509_certificate(root_pem)
        except (OSError, ValueError) as error:
            raise WarifuError(Reason.KEY_INVALID, where="root.pem", debug=type(error).__name__) from error
        return root_pem

    def secret(self, name: str, size: int = 32, *, generation: int = 1) -> bytes:
        """The secret in ``name``: ``size`` bytes, kept as hexadecimal text.

        A secret that is replaced stays; the new one has the number of its generation in its name (``log.4.key``). Read
        is the newest that is not above ``generation``.

        Raises:
            WarifuError: KEY_INVALID, naming the file, when it is missing, malformed or open to others.
        """
        path = self._newest(name, generation)
        name = path.name
        try:
            _refuse_if_open_to_others(path)
            secret = bytes.fromhex(without_mark(path.read_bytes()).decode("ascii").strip())
        except (OSError, ValueError) as error:
            raise WarifuError(Reason.KEY_INVALID, where=name, debug=type(error).__name__) from error
        if len(secret) != size:
            raise WarifuError(Reason.KEY_INVALID, where=f"{name}: {size} bytes are needed")
        return secret

    def published_secret(self, name: str, fits: Callable[[bytes], bool]) -> bytes:
        """Of all generations of a secret of 32 bytes, the newest that ``fits`` what is published of it.

        One that was written and never published is passed over, even one that was only half written. Raises: KEY_INVALID
        when none fits, naming the newest file that cannot be read if there is one.
        """
        fault: WarifuError | None = None
        for number in (*sorted(self._numbers(name), reverse=True), 1):
            try:
                secret = self.secret(name, generation=number)
            except WarifuError as error:
                fault = fault or error
                continue
            if fits(secret):
                return secret
        raise fault or WarifuError(Reason.KEY_INVALID, where=f"{name}: not the key in the directory")

    def write_secret(self, name: str, secret: bytes, *, generation: int = 1) -> None:
        """Write a secret, readable by its owner alone from the first moment. An existing file is never overwritten.

        It is on the disk when this returns, whatever happens to the machine: others are told of its public half next.
        """
        path = self.path / (name if generation == 1 else _numbered(name, generation))
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o600)  # whatever the umask says of its owner
            file.write(secret.hex() + "\n")
            file.flush()
            os.fsync(descriptor)
        sync_folder(self.path)

    def _newest(self, name: str, generation: int) -> Path:
        numbers = [number for number in self._numbers(name) if number <= generation]
        return self.path / (_numbered(name, max(numbers)) if numbers else name)

    def _numbers(self, name: str) -> list[int]:
        """The generations of a secret after the first that lie in the folder."""
        stem, _, ending = name.rpartition(".")
        pattern = re.compile(rf"{re.escape(stem)}\.(\d{{1,9}})\.{re.escape(ending)}")
        found = (pattern.fullmatch(path.name) for path in self.path.glob(f"{stem}.*.{ending}"))
        return [int(match[1]) for match in found if match]


def _is_setting(value: Any, name: str) -> bool:
    if name not in _NUMBERS:
        return isinstance(value, str) and bool(value)
    return type(value) in _NUMBERS[name] and 0 <= value < math.inf


def _numbered(name: str, generation: int) -> str:
    stem, _, ending = name.rpartition(".")
    return f"{stem}.{generation}.{ending}"


def _refuse_if_open_to_others(path: Path) -> None:
    if path.stat().st_mode & 0o077:
        raise WarifuError(Reason.KEY_INVALID, where=f"{path.name}: readable by others; run chmod 600 on it")
