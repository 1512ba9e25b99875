"""What an inquiry is made of, as the hub and the provider find it."""

from __future__ import annotations

import time
from collections.abc import Callable

from warifu.api.type.v1.inquiry_pb2 import SignedInquiry
from warifu.errors import WarifuError
from warifu.exchange.code_proof import check_own
from warifu.exchange.codes import EncryptedCode, row_key
from warifu.exchange.context import ContextKind, ExchangeContext
from warifu.exchange.provision import open_query, open_row_key_unproven
from warifu.exchange.statements import check_inquiry
from warifu_kit.conformance.case import Subject, expect, fail
from warifu_kit.conformance.cast import KNOWN, SECOND
from warifu_kit.conformance.inquirer_under_check import CheckedInquirer

__all__ = ["SUBJECT"]

SUBJECT = Subject("inquirer", "inquiries", "node.md")
_AT = "ask"
_OVERHEAD = 48


def _holds(what: str, check: Callable[[], object]) -> None:
    try:
        check()
    except WarifuError as error:
        raise fail(f"{what}: {error.reason.value} {error.where}") from None


def _context(inquiry: SignedInquiry) -> ExchangeContext:
    try:
        return ExchangeContext.decode(inquiry.context)
    except WarifuError as error:
        raise fail(f"the context does not decode: {error.where}") from None


@SUBJECT.case(
    "honest",
    "An honest exchange hands the record over",
    rule="Check and open the answer, store the end, then hand it over",
    at=_AT,
    mend="Hold each part against the vectors of docs/protocol/node.md first.",
)
async def honest(inquirer: CheckedInquirer) -> None:
    result = await inquirer.record_of(inquirer.question(KNOWN))
    expect(len(result.processing_number) == 20, f"the processing number is {result.processing_number!r}")


@SUBJECT.case(
    "caller",
    "The node calls the hub with its own certificate",
    rule="A node calls as itself: the certificate's institution is inquirer",
    at="checks.md#the-hub",
    mend="Call with tls.pem of the node's own folder.",
)
async def caller(inquirer: CheckedInquirer) -> None:
    await inquirer.one_brought(KNOWN)
    callers = set(inquirer.about.hub.callers)
    inquirer.evidence.noted(f"callers: {sorted(callers)}")
    expect(callers == {(inquirer.about.uri,)}, "somebody else brought it")


@SUBJECT.case(
    "asked-for",
    "The context says what the business system asked, and nothing else",
    rule="The context, 116 bytes: kind EXCHANGE, request_id, both institutions, item, procedure",
    at=_AT,
    mend="Copy request_id, provider, procedure and item of the question; the inquirer is the node itself.",
)
async def asked_for(inquirer: CheckedInquirer) -> None:
    question = inquirer.question(KNOWN)
    await inquirer.ask(question)
    expect(inquirer.brought, "no inquiry came to the hub")
    context, hands = _context(inquirer.brought[0]), inquirer.hands
    expect(context.kind is ContextKind.EXCHANGE, f"its kind is {context.kind}")
    expect(context.suite == hands.directory.suite, f"its suite is {context.suite}")
    expect(context.request_id == question.request_id, "its request_id is another one")
    expect(context.inquirer == hands.inquirer.own.institution, f"its inquirer is {context.inquirer}")
    expect(context.provider == question.provider, f"its provider is {context.provider}")
    expect(context.item_code == question.item_code, f"its item is {context.item_code}")
    expect(context.procedure_code == question.procedure_code, f"its procedure is {context.procedure_code}")
    expect(context.flags == 0, f"its flags are {context.flags}")


@SUBJECT.case(
    "times",
    "It is dated to the whole minute, and lives ten minutes at most",
    rule="issued_ms the whole minute now, expires_ms ten minutes later",
    at=_AT,
    mend="Round down to the minute: the second tells the hub more than it needs.",
)
async def times(inquirer: CheckedInquirer) -> None:
    context = _context(await inquirer.one_brought(KNOWN))
    expect(context.issued_ms % 60_000 == 0, f"issued_ms is {context.issued_ms}")
    life = context.expires_ms - context.issued_ms
    expect(0 < life <= 600_000, f"it lives {life} ms")
    expect(abs(time.time() * 1000 - context.issued_ms) < 180_000, "it is not dated to now")


@SUBJECT.case(
    "keys",
    "It names the epochs and the keys that it was made with",
    rule="epoch_from of the entry of the code; epoch_to and key_id_to of the provider's entry in force",
    at=_AT,
    mend="Take all three from the directory in force.",
)
async def keys(inquirer: CheckedInquirer) -> None:
    context, hands = _context(await inquirer.one_brought(KNOWN)), inquirer.hands
    named = (context.epoch_from, context.epoch_to, context.key_id_to)
    expect(named == (hands.inquirer.own.epoch, hands.provider.epoch, hands.provider.key_id), f"it names {named}")


@SUBJECT.case(
    "signature",
    "Its signature verifies over all of it",
    rule="inquirer_signature, over every field of the table",
    at="signed.md#warifu-v1inquiry",
    mend="Sign every item of the page's table, in its order.",
)
async def signature(inquirer: CheckedInquirer) -> None:
    inquiry = await inquirer.one_brought(KNOWN)
    _holds("the signature", lambda: check_inquiry(inquirer.hands.inquirer.own.signing_key, inquiry))


@SUBJECT.case(
    "code-proof",
    "It proves that the encrypted code is its own",
    rule="code_proof: it was made by the inquirer, for this inquiry",
    at=_AT,
    mend="Prove knowledge of r over the context of this inquiry.",
)
async def code_proof(inquirer: CheckedInquirer) -> None:
    inquiry, group = await inquirer.one_brought(KNOWN), inquirer.hands.directory.group
    code = inquiry.encrypted_code

    def check() -> None:
        check_own(group, EncryptedCode.decode(group, code.c1, code.c2), inquiry.context, inquiry.code_proof)

    _holds("code_proof", check)


@SUBJECT.case(
    "person",
    "It is about the person asked about",
    rule="C1, C2 of the person's code to the provider's joint key",
    at=_AT,
    mend="Encrypt the code that is stored under this local number, to the joint key of the provider's entry.",
)
async def person(inquirer: CheckedInquirer) -> None:
    provider, points = inquirer.about.provider_keys, inquirer.about.points
    for each in (KNOWN, SECOND):
        inquiry = await inquirer.one_brought(each)
        permit = inquirer.permit(inquiry)
        try:
            opened = open_row_key_unproven(inquirer.checked(permit), provider, inquirer.hands.directory)
        except WarifuError as error:
            raise fail(f"a provider would refuse it: {error.reason.value} {error.where}") from None
        wanted = row_key(provider.row_secret, points[each.name])
        expect(opened == wanted, f"it is not about {each.name}")


@SUBJECT.case(
    "query",
    "The sealed query opens for the provider, and says the year asked for",
    rule="The SealedQuery, sealed with the context as info",
    at="sealed.md#the-query",
    mend="Seal to the sealing key of the provider's entry, with the context of this inquiry as info.",
)
async def query(inquirer: CheckedInquirer) -> None:
    for year in (0, 2025):
        inquiry = await inquirer.one_brought(KNOWN, fiscal_year=year)
        try:
            opened = open_query(inquirer.checked(inquirer.permit(inquiry)), inquirer.about.provider_keys)
        except WarifuError as error:
            raise fail(f"it does not open: {error.reason.value} {error.where}") from None
        expect(opened.fiscal_year == year, f"asked for {year} it says {opened.fiscal_year}")


@SUBJECT.case(
    "query-size",
    "The sealed query has a size of the table, whatever it asks for",
    rule="sealed_query has 304 bytes at least, in steps of 256",
    at="sealed.md#framing-and-padding",
    mend="Frame with the length in four bytes, pad with zeros to 256 at least, in steps of 256.",
)
async def query_size(inquirer: CheckedInquirer) -> None:
    sizes = [len((await inquirer.one_brought(KNOWN, fiscal_year=year)).sealed_query) for year in (0, 2025)]
    expect(all((size - _OVERHEAD) % 256 == 0 and size >= 304 for size in sizes), f"sizes are {sizes}")
    expect(len(set(sizes)) == 1, f"a year changes the size: {sizes}")


@SUBJECT.case(
    "nothing-shared",
    "Two inquiries about the same person share nothing that the hub could link",
    rule="Fresh randomness, a new answer key, 16 random bytes of tag, for each inquiry",
    at=_AT,
    mend="Draw r, the answer key, the ephemeral key of the box and the tag anew for each inquiry.",
)
async def nothing_shared(inquirer: CheckedInquirer) -> None:
    first, second = [await inquirer.one_brought(KNOWN) for _ in range(2)]
    pairs = {
        "c1": (first.encrypted_code.c1, second.encrypted_code.c1),
        "c2": (first.encrypted_code.c2, second.encrypted_code.c2),
        "citizen_tag": (first.citizen_tag, second.citizen_tag),
        "the box's ephemeral key": (first.sealed_query[:32], second.sealed_query[:32]),
        "code_proof": (first.code_proof, second.code_proof),
    }
    shared = [name for name, (one, other) in pairs.items() if one == other]
    expect(not shared, f"both have the same {', '.join(shared)}")
    keys = inquirer.about.provider_keys
    answer_keys = {open_query(inquirer.checked(inquirer.permit(each)), keys).answer_key for each in (first, second)}
    expect(len(answer_keys) == 2, "both have the same answer key")
    expect(len(first.citizen_tag) == 16, f"the tag has {len(first.citizen_tag)} bytes")
    expect(len(set(first.citizen_tag)) > 2, "the tag is no random bytes")
