"""What every part of a scenario file is made of: a model that says which key was meant.

Decides how a key that is none is told: with the nearest that is one, or with all there are. It knows no key by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, PlainValidator, ValidationError, WithJsonSchema, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from warifu_kit.scenario.file.units import length, rate, share, time_of_day

__all__ = ["Length", "Rate", "Share", "Strict", "TimeOfDay", "did_you_mean", "with_unit"]


def did_you_mean(given: object, there_are: Iterable[str]) -> str:
    """``did you mean hub?``, or what there is. Pure."""
    known = {each.lower(): each for each in sorted(there_are)}
    near = get_close_matches(str(given).lower(), known, n=1, cutoff=0.6)
    return f"did you mean {known[near[0]]}?" if near else f"there are {', '.join(known.values())}"


class Strict(BaseModel):
    """A frozen model without other keys; one that is given all the same is told with the nearest that there is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="wrap")
    @classmethod
    def _name_the_nearest(cls, value: Any, handler: Any) -> Any:
        try:
            return handler(value)
        except ValidationError as error:
            told = [_told(details, cls.model_fields) for details in error.errors(include_url=False)]
            raise ValidationError.from_exception_data(cls.__name__, told) from None


def _told(details: Any, fields: Iterable[str]) -> InitErrorDetails:
    kind: Any = details["type"]
    context = dict(details.get("ctx", {}))
    if kind == "extra_forbidden" and len(details["loc"]) == 1:
        context = {"nearest": did_you_mean(details["loc"][0], fields)}
        kind = PydanticCustomError("unknown_key", "is not a field here: {nearest}", context)
    elif "told" in context:
        kind = PydanticCustomError(kind, "{told}", context)
    elif kind == "unknown_key":
        kind = PydanticCustomError(kind, "is not a field here: {nearest}", context)
    return InitErrorDetails(type=kind, loc=details["loc"], input=details["input"], ctx=context)


def with_unit(parse: Callable[[str], Any]) -> PlainValidator:
    """A validator from a function that raises ValueError in words."""

    def validate(value: object) -> Any:
        if isinstance(value, bool) or not isinstance(value, str):
            value = str(value)
        try:
            return parse(value.strip())
        except ValueError as error:
            raise PydanticCustomError("with_unit", "{told}", {"told": str(error)}) from None

    return PlainValidator(validate)


def _text(pattern: str, examples: Sequence[str]) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": list(examples)})


_NUMBER = r"^\d+(\.\d+)? ?"
_UNITS = "(us|ms|s|m|min|h|d|y)$"

Length = Annotated[float, with_unit(length), _text(_NUMBER + _UNITS, ["50ms", "30s", "2h"])]
Rate = Annotated[float, with_unit(rate), _text(_NUMBER + "/ ?" + _UNITS, ["30/s", "83000/d"])]
Share = Annotated[float, with_unit(share), _text(_NUMBER + "%$", ["5%"])]
TimeOfDay = Annotated[float, with_unit(time_of_day), _text(r"^([01]\d|2[0-4]):[0-5]\d$", ["08:30"])]
