"""Whatever the contract lists comes in pages, and every list says so in the same words."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorSet

from warifu.rpc.paging import LARGEST_PAGE, LONGEST_TOKEN, PAGE_SIZE

ROOT = Path(__file__).resolve().parents[2]
_MESSAGES, _FIELDS = 4, 2  # field numbers in FileDescriptorProto and DescriptorProto, as source paths use them
_SIZE, _TOKEN = FieldDescriptorProto.TYPE_UINT32, FieldDescriptorProto.TYPE_STRING
_WORDS = {
    "page_size": f"How many at most in a page: 0 for {PAGE_SIZE}, more than {LARGEST_PAGE:,} for {LARGEST_PAGE:,}. "
    "A page may hold fewer.",
    "page_token": "Where to go on: next_page_token of a page of this list, "
    f"at most {LONGEST_TOKEN} characters. Empty to begin.",
    "next_page_token": f"The page_token that goes on after this page, at most {LONGEST_TOKEN} characters. "
    "Empty on the last page.",
}


class Contract:
    """The compiled contract: lists and their messages, with what is said of each field."""

    def __init__(self) -> None:
        buf = Path(sys.executable).with_name("buf")
        built = subprocess.run(
            [buf, "build", "-o", "-#format=binpb", "--exclude-imports"], cwd=ROOT, check=True, capture_output=True
        )
        self._files = FileDescriptorSet.FromString(built.stdout).file
        self.messages: dict[str, DescriptorProto] = {}
        self.told: dict[str, str] = {}
        for file in self._files:
            said = {
                tuple(each.path): " ".join(each.leading_comments.split()) for each in file.source_code_info.location
            }
            for message_number, message in enumerate(file.message_type):
                name = f".{file.package}.{message.name}"
                self.messages[name] = message
                for number, field in enumerate(message.field):
                    path = (_MESSAGES, message_number, _FIELDS, number)
                    self.told[f"{name}.{field.name}"] = said.get(path, "")

    def lists(self) -> Iterator[tuple[str, str, str]]:
        """Each list's name, and the full names of its request and its response."""
        for file in self._files:
            for service in file.service:
                for method in service.method:
                    if method.name.startswith("List"):
                        yield method.name, method.input_type, method.output_type


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract()


def test_every_list_is_asked_for_and_told_in_pages(contract: Contract) -> None:
    found = list(contract.lists())
    assert len(found) >= len(_WORDS)
    for _, request, response in found:
        asked = {field.name: field.type for field in contract.messages[request].field}
        told = {field.name: field.type for field in contract.messages[response].field}
        assert (asked.get("page_size"), asked.get("page_token")) == (_SIZE, _TOKEN), request
        assert told.get("next_page_token") == _TOKEN, response


def test_every_list_says_so_in_the_same_words(contract: Contract) -> None:
    for name, said in contract.told.items():
        words = _WORDS.get(name.rpartition(".")[2])
        assert words is None or said.startswith(words), name
