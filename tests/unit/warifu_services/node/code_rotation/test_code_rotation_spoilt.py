"""A hub that does not convert what it was asked to: nothing of its answer is stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warifu.api.hub.v1.hub_service_pb2 import RotateCodesRequest, RotateCodesResponse
from warifu.api.type.v1.inquiry_pb2 import EncryptedCode as EncryptedCodeMessage
from warifu.curve.group import Point
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import EncryptedCode
from warifu.exchange.signature import SigningKey
from warifu.exchange.statements import sign_conversion
from warifu_hub.translate import Party


def swapped(codes: Any, first: int, second: int) -> None:
    one, other = EncryptedCodeMessage(), EncryptedCodeMessage()
    one.CopyFrom(codes[first])
    other.CopyFrom(codes[second])
    codes[first].CopyFrom(other)
    codes[second].CopyFrom(one)


def _given_back(request: RotateCodesRequest, response: RotateCodesResponse) -> None:
    del response.converted_codes[:]
    response.converted_codes.extend(request.encrypted_codes)


SPOILS: dict[str, Callable[[Any, RotateCodesRequest, RotateCodesResponse], object]] = {
    "two exchanged": lambda _, __, response: swapped(response.converted_codes, 0, 1),
    "one twice": lambda _, __, response: response.converted_codes[1].CopyFrom(response.converted_codes[0]),
    "one changed": lambda world, _, response: setattr(
        response.converted_codes[2],
        "c2",
        world.directories.current().group.add(Point(response.converted_codes[2].c2), world.code("x", 1)),
    ),
    "one given back as it came": lambda _, request, response: response.converted_codes[0].CopyFrom(
        request.encrypted_codes[0]
    ),
    "all given back as they came": lambda _, request, response: _given_back(request, response),
    "no point at all": lambda _, __, response: setattr(response.converted_codes[0], "c1", b"\xff" * 32),
    "a short one": lambda _, __, response: setattr(response.converted_codes[0], "c2", bytes(31)),
    "one fewer": lambda _, __, response: response.converted_codes.pop(),
    "one more": lambda _, __, response: response.converted_codes.append(response.converted_codes[0]),
    "none": lambda _, __, response: response.ClearField("converted_codes"),
}


@pytest.mark.parametrize("signed", [True, False], ids=["signed by the hub itself", "changed after it was signed"])
@pytest.mark.parametrize("case", SPOILS)
async def test_what_is_not_the_conversion_of_what_was_asked_stores_nothing(world: Any, case: str, signed: bool) -> None:
    def spoil(request: RotateCodesRequest, response: RotateCodesResponse) -> None:
        SPOILS[case](world, request, response)
        if signed:
            world.sign(request, response)

    world.spoil = spoil
    with pytest.raises(WarifuError) as refused:
        await world.rotator.rotate()
    assert refused.value.reason is Reason.HUB_ANSWER_INVALID
    assert world.store.code_epochs() == {1: len(world.people)}
    world.spoil = lambda *_: None
    assert await world.rotator.rotate() == len(world.people)
    assert world.right(2)


@pytest.mark.parametrize("to_", ["another factor", "another agency's factor"])
async def test_a_hub_that_converts_everything_by_another_factor_is_found_out(world: Any, to_: str) -> None:
    directory, keys = world.directories.current(), world.hub_keys.current()
    announced = directory.announced(world.institution)
    assert announced is not None
    other = next(each for code, each in directory.entries.items() if code != world.institution)
    party = Party.of(other) if to_ != "another factor" else Party(world.institution, 3)
    source = Party.of(directory.entry(world.institution))

    def spoil(request: RotateCodesRequest, response: RotateCodesResponse) -> None:
        del response.converted_codes[:]
        share = keys.translator.opening_share
        group = directory.group
        turn = group.scalar_multiply(share(announced.institution, 1), group.scalar_invert(share(party.institution, 1)))
        for code in request.encrypted_codes:
            turned = EncryptedCode(group.multiply(turn, Point(code.c1)), Point(code.c2))
            converted = keys.translator.convert(
                context=request.context, encrypted=turned, from_=source, to=party, to_key=announced.agency_key
            )
            response.converted_codes.add(c1=converted.c1, c2=converted.c2)
        world.sign(request, response)

    world.spoil = spoil
    with pytest.raises(WarifuError) as refused:
        await world.rotator.rotate()
    assert refused.value.where.startswith("converted_codes: not those")
    assert world.store.code_epochs() == {1: len(world.people)}


async def test_codes_signed_with_another_key_or_for_another_context_store_nothing(world: Any) -> None:
    for key, context in ((SigningKey.generate(), None), (world.hub_keys.current().signing_key, b"x" * 116)):

        def spoil(
            request: RotateCodesRequest,
            response: RotateCodesResponse,
            key: SigningKey = key,
            context: bytes | None = context,
        ) -> None:
            response.hub_signature = sign_conversion(key, context or request.context, response.converted_codes)

        world.spoil = spoil
        with pytest.raises(WarifuError) as refused:
            await world.rotator.rotate()
        assert (refused.value.reason, refused.value.debug) == (Reason.HUB_ANSWER_INVALID, "SIGNATURE_INVALID")
    assert world.store.code_epochs() == {1: len(world.people)}
