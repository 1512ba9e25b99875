"""A party's copy of the directory, as a file: read, and replaced in one step.

Decides nothing about what it says: :meth:`warifu.exchange.directory.Directory.from_message` does. Holds public keys only.
"""

from __future__ import annotations

from pathlib import Path

from google.protobuf import json_format

from warifu.api.directory.v1.directory_service_pb2 import DirectoryFile
from warifu.errors import Reason, WarifuError
from warifu.pki import write_public_file
from warifu.saved_text import NotTextError, decode_json

__all__ = ["DIRECTORY_FILE", "VERSIONS_FOLDER", "parse_directory", "read_directory_file", "write_directory_file"]

DIRECTORY_FILE = "directory.json"
"""The newest version a party has taken, in its folder."""

VERSIONS_FOLDER = "versions"
"""Every version there was, ``1.json`` and on, in the hub's folder: whoever missed some is given them in order."""


def read_directory_file(path: Path) -> DirectoryFile:
    """Read a directory as protobuf JSON. It is not verified yet.

    Raises:
        WarifuError: DIRECTORY_INVALID when the file is missing or not a directory.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WarifuError(Reason.DIRECTORY_INVALID, where=path.name, debug=type(error).__name__) from error
    return parse_directory(content, path.name)


def parse_directory(content: bytes, name: str) -> DirectoryFile:
    """The directory in the bytes of the file called ``name``. Not verified yet. Raises: DIRECTORY_INVALID."""
    try:
        return json_format.Parse(decode_json(content), DirectoryFile())
    except NotTextError as error:
        raise WarifuError(Reason.DIRECTORY_INVALID, where=error.at(name)) from error
    except (json_format.ParseError, RecursionError) as error:
        raise WarifuError(Reason.DIRECTORY_INVALID, where=name, debug=type(error).__name__) from error


def write_directory_file(path: Path, message: DirectoryFile) -> None:
    """Write a directory as protobuf JSON, in place of what was there; whole or not at all. Raises: OSError."""
    write_public_file(path, (json_format.MessageToJson(message) + "\n").encode())
