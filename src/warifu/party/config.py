"""Reads a YAML configuration file into a pydantic model, strictly, and says everything that is wrong with it at once.

Decides whether a file means what its model says. It opens the one file it is given and knows nothing of what the
settings are for. Secrets are never in a configuration file: a setting names the file that holds one.

Strict means: YAML 1.2 and plain tags only, no key twice, no key the model lacks, no merging, every fault located as
``file:line field.path message``. A code such as 011002 is a number to YAML and loses its zeros, so codes are quoted;
where text is wanted and a number stands, the message says "quote it". A message never repeats a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import BaseModel, PlainValidator, ValidationError
from pydantic_core import PydanticCustomError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import Node, ScalarNode

from warifu.errors import Reason, WarifuError
from warifu.saved_text import NotTextError, decode_text, join_surrogates

__all__ = [
    "MAX_BYTES",
    "MAX_VALUES",
    "Fault",
    "FieldPath",
    "load_yaml",
    "parse_raw",
    "parse_yaml",
    "parsed_by",
    "read_raw",
]

MAX_BYTES: Final = 4 * 1024 * 1024
"""The largest file read, in bytes."""

MAX_VALUES: Final = 200_000
"""The most values a file may hold once its aliases are followed: a small file of aliases can mean a huge one."""

FieldPath = tuple[str | int, ...]
"""The way from the top of a file to a value: keys and list positions, counted from 0."""

_WHAT_IT_IS: Final = re.compile(r"^[A-Z]\w+ (?=should )")
"""How pydantic calls a value, "Input should …" or "String should …", where the field has been named already."""

Scalar = str | int | float | bool | None

Model = TypeVar("Model", bound=BaseModel)


class Fault(NamedTuple):
    """One thing wrong with a file: where it is and what it is, without the value."""

    path: FieldPath
    message: str


def load_yaml(path: Path, model: type[Model], check: Callable[[Model], Iterable[Fault]] | None = None) -> Model:
    """The contents of ``path`` as a ``model``.

    ``check`` is asked once the shape is right and names what contradicts what inside the file.

    Raises: CONFIG_INVALID, whose ``where`` lists every fault, in the order of the lines, joined by "; ".
    """
    return parse_raw(read_raw(path), str(path), model, check)


def read_raw(path: Path) -> bytes:
    """The bytes of a configuration file, for who needs them as they are. Raises: CONFIG_INVALID."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _invalid(f"{path}: cannot be read ({error.strerror or type(error).__name__})") from None
    if len(raw) > MAX_BYTES:
        raise _invalid(f"{path}: is larger than {MAX_BYTES} bytes")
    return raw


def parse_raw(
    raw: bytes, name: str, model: type[Model], check: Callable[[Model], Iterable[Fault]] | None = None
) -> Model:
    """As :func:`load_yaml`, for the bytes of a file already read. Raises: CONFIG_INVALID."""
    try:
        text = decode_text(raw)
    except NotTextError as error:
        raise _invalid(f"{name}:{error.line}: {error.fault}") from None
    return parse_yaml(text, name, model, check)


def parse_yaml(
    text: str, name: str, model: type[Model], check: Callable[[Model], Iterable[Fault]] | None = None
) -> Model:
    """As :func:`load_yaml`, for text already in hand; ``name`` is what the faults call it. Raises: CONFIG_INVALID."""
    document = _Document(name)
    value = document.read(text)
    try:
        parsed = model.model_validate(value, extra="forbid")
    except ValidationError as error:
        found = [Fault(details["loc"], _sentence(details)) for details in error.errors(include_url=False)]
        raise document.invalid(found) from None
    found = list(check(parsed)) if check else []
    if found or document.faults:
        raise document.invalid(found)
    return parsed


def parsed_by(parse: Callable[[str], object], expected: str) -> PlainValidator:
    """A pydantic validator from a ``parse`` of ``warifu.identifiers``; ``expected`` completes "should be …"."""

    def validate(value: object) -> object:
        if not isinstance(value, str):
            raise PydanticCustomError("string_type", "should be text")
        try:
            return parse(value)
        except WarifuError:
            raise PydanticCustomError("malformed", "should be {expected}", {"expected": expected}) from None

    return PlainValidator(validate)


class _Document:
    """One file while it is read: the plain values, the line of every field, and the faults found on the way."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[FieldPath, int] = {(): 1}
        self.faults: list[Fault] = []
        self._values = 0
        self._open: set[int] = set()

    def read(self, text: str) -> object:
        try:
            node = _composer().compose(text)
        except RecursionError:
            raise _invalid(f"{self.name}: is nested too deeply") from None
        except MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise _invalid(f"{self.name}:{line}: is not YAML: {error.problem or error.context or ''}") from None
        except (YAMLError, ValueError, OverflowError):  # the last two: an escape beyond the last character there is
            raise _invalid(f"{self.name}: is not YAML, or holds a character YAML does not allow") from None
        if node is None:
            raise _invalid(f"{self.name}: is empty")
        return self._value(node, ())

    def invalid(self, found: Iterable[Fault]) -> WarifuError:
        """The one error that lists ``found`` and the faults met while reading, by line."""
        located = sorted((self._located(fault) for fault in [*self.faults, *found]), key=lambda line_text: line_text[0])
        return _invalid("; ".join(f"{self.name}:{line} {text}" for line, text in located))

    def _located(self, fault: Fault) -> tuple[int, str]:
        """The line of the deepest field on the fault's path that the file has, and the fault in words.

        Steps that are no field of the file (pydantic adds the kind it chose) are left out, but for a missing last one.
        """
        reached: FieldPath = ()
        for step in fault.path:
            if (*reached, step) in self.lines:
                reached = (*reached, step)
        missing = fault.path[-1:] if fault.path[-1:] != reached[-1:] else ()
        return self.lines[reached], f"{_dotted(reached + missing)} {fault.message}"

    def _value(self, node: Node, path: FieldPath) -> Any:
        self._values += 1
        if self._values > MAX_VALUES:
            raise _invalid(f"{self.name}: holds more than {MAX_VALUES} values")
        if id(node) in self._open:
            raise _invalid(f"{self.name}:{node.start_mark.line + 1}: a value contains itself")
        self._open.add(id(node))
        try:
            if _kind(node) == "map":
                return self._mapping(node, path)
            if _kind(node) == "seq":
                return [self._item(item, (*path, position)) for position, item in enumerate(node.value)]
            return self._scalar(node, path)
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: Node, path: FieldPath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self.faults.append(Fault(path, "has a key that is not text"))
                continue
            key = _whole_characters(key_node.value)
            if key is None:
                self.faults.append(Fault(path, f"has a key with {_HALF} on line {key_node.start_mark.line + 1}"))
                continue
            field = (*path, key)
            if key in values:
                self.faults.append(Fault(field, f"is given again on line {key_node.start_mark.line + 1}"))
                continue
            self.lines[field] = key_node.start_mark.line + 1
            values[key] = self._value(value_node, field)
        return values

    def _item(self, node: Node, path: FieldPath) -> Any:
        self.lines[path] = node.start_mark.line + 1
        return self._value(node, path)

    def _scalar(self, node: Node, path: FieldPath) -> Scalar:
        read = _SCALARS.get(_kind(node))
        if read is None or not isinstance(node, ScalarNode):
            self.faults.append(Fault(path, "carries a YAML tag this file may not use"))
            return None
        text = _whole_characters(node.value)
        if text is None:
            self.faults.append(Fault(path, f"has {_HALF}"))
            return "?"  # text all the same: one fault is told, not two
        try:
            return read(text)
        except ValueError:
            self.faults.append(Fault(path, f"is not a valid {_kind(node)}"))
            return None


def _composer() -> YAML:
    """YAML 1.2 up to the node graph: nothing is constructed, so no tag can make anything happen."""
    yaml = YAML(typ="safe", pure=True)
    yaml.composer.warn_double_anchors = False
    return yaml


def _kind(node: Node) -> str:
    """The short name of a node's tag: "map", "seq", "str", "int", …; a foreign tag as it stands."""
    return str(node.tag).removeprefix("tag:yaml.org,2002:")


_HALF: Final = "an escape that is half a character (a surrogate without its other half)"


def _whole_characters(value: object) -> str | None:
    """A node's text, in which a pair of escaped surrogates, as JSON writes one, is the character it means.

    None where a surrogate stands alone: no file, message or database could take such text.
    """
    try:
        return join_surrogates(str(value))
    except ValueError:
        return None


def _integer(text: str) -> int:
    """A YAML 1.2 integer: decimal with or without leading zeros, 0o octal, 0x hexadecimal."""
    plain = text.replace("_", "")
    return int(plain, 0) if plain.lstrip("+-")[:2].lower() in {"0o", "0x", "0b"} else int(plain)


def _float(text: str) -> float:
    plain = text.replace("_", "").lower()
    return float(plain.replace(".inf", "inf").replace(".nan", "nan"))


_SCALARS: Final[dict[str, Callable[[str], Scalar]]] = {
    "str": str,
    "int": _integer,
    "float": _float,
    "bool": lambda text: text.lower() == "true",
    "null": lambda _: None,
    # YAML 1.2 has no dates and no merging: what looks like one is the text it is.
    "timestamp": str,
    "merge": str,
    "value": str,
}


def _sentence(details: Any) -> str:
    """What pydantic found, in words that never repeat the input."""
    kind, given = details["type"], details["input"]
    if kind == "extra_forbidden":
        return "is not a field here"
    if kind == "missing":
        return "is missing"
    if kind == "string_type" and isinstance(given, int | float):
        return "should be text but reads as a number or truth value: quote it"
    if kind == "union_tag_invalid":
        return f"names none of the kinds known here: {details['ctx']['expected_tags']}"
    message = _WHAT_IT_IS.sub("", str(details["msg"]).removeprefix("Value error, "))
    return message[:1].lower() + message[1:]


def _dotted(path: FieldPath) -> str:
    """``("rows", 3, "item")`` as "rows[3].item"; the whole file as "(file)"."""
    joined = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return joined.removeprefix(".") or "(file)"


def _invalid(where: str) -> WarifuError:
    return WarifuError(Reason.CONFIG_INVALID, where=where)
