"""The contract says of every field whether the hub can read it, and of every text or bytes how long it is."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet

ROOT = Path(__file__).resolve().parents[2]
_MESSAGES, _FIELDS = 4, 2  # field numbers in FileDescriptorProto and DescriptorProto, as source paths use them
_LENGTH = re.compile(
    r"\d|serialized|full name|from the error catalogue|host:port|PEM|signed.note|field path", re.IGNORECASE
)


@pytest.fixture(scope="module")
def contract() -> list[FileDescriptorProto]:
    buf = Path(sys.executable).with_name("buf")
    built = subprocess.run(
        [buf, "build", "-o", "-#format=binpb", "--exclude-imports"], cwd=ROOT, check=True, capture_output=True
    )
    return list(FileDescriptorSet.FromString(built.stdout).file)


def fields(contract: list[FileDescriptorProto]) -> Iterator[tuple[str, FieldDescriptorProto, str, str]]:
    """Each field with its full name, its own comment and its message's."""
    for file in contract:
        told = {tuple(place.path): " ".join(place.leading_comments.split()) for place in file.source_code_info.location}
        for message_number, message in enumerate(file.message_type):
            for field_number, field in enumerate(message.field):
                path = (_MESSAGES, message_number)
                own = told.get((*path, _FIELDS, field_number), "")
                yield f"{file.package}.{message.name}.{field.name}", field, own, told.get(path, "")


def test_every_field_or_its_message_says_whether_the_hub_can_read_it(contract: list[FileDescriptorProto]) -> None:
    silent = [name for name, _, own, message in fields(contract) if "hub" not in f"{own} {message}".lower()]
    assert silent == []


def test_every_text_and_bytes_field_says_how_long_it_is_or_what_form_it_has(
    contract: list[FileDescriptorProto],
) -> None:
    sized = (FieldDescriptorProto.TYPE_STRING, FieldDescriptorProto.TYPE_BYTES)
    silent = [name for name, field, own, _ in fields(contract) if field.type in sized and not _LENGTH.search(own)]
    assert silent == []
