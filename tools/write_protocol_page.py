#!/usr/bin/env python3
"""Writes docs/protocol.md from the protos, the access tables, the context's layout and the error catalogue.

What a person must say, because no source says it shortly enough, stands in ``CONTEXT_FIELDS`` and ``LABELS`` below; a
field or a label without a line there, and a line without its field or label, is an error. With ``--check`` nothing is
written and a page that differs is an error.

Usage::

    .venv/bin/python tools/write_protocol_page.py
    .venv/bin/python tools/write_protocol_page.py --check
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from protocol_pages import PAGES

import warifu.adapter
import warifu.party
import warifu_hub
import warifu_services
from warifu.errors import CATALOGUE
from warifu.exchange import context, signature, statements, together
from warifu.rpc.status import DOMAIN

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "protocol.md"
SOURCES = ("src/warifu", "hub", "services")

CONTEXT_FIELDS = {
    "suite": "the network's cryptographic suite: 1 ristretto255, 2 the edwards25519 subgroup",
    "kind": "what the context is for",
    "request_id": "random; names the request, makes a retry safe",
    "inquirer": "institution code of who asks, 16 digits; the authority's in `ISSUE`, the agency's in `ROTATE`",
    "provider": "institution code of who is asked, 16 digits; the agency's in `ISSUE` and `ROTATE`",
    "item_code": "which Specific Personal Information, `TM…`, 16 characters",
    "procedure_code": "for which procedure, `JT…`, 16 characters",
    "flags": "what the inquirer declares",
    "issued_ms": "Unix milliseconds; of an exchange the whole minute",
    "expires_ms": "Unix milliseconds",
    "epoch_from": "epoch of the inquirer's keys; 0 in `ISSUE`",
    "epoch_to": "epoch of the provider's keys",
    "key_id_to": "key id of the provider's directory entry",
}

LABELS = {
    "warifu-v1-HashToGroup-edwards25519_XMD:SHA-512_ELL2_RO_": "hashing to a point in suite 2 (RFC 9380 domain separation)",
    "warifu-v1-HashToGroup-ristretto255-SHA512": "hashing to a point in suite 1 (RFC 9496 map, RFC 9380 expander)",
    "warifu-v1-HashToScalar-edwards25519_XMD:SHA-512_ELL2_RO_": "hashing to a scalar in suite 2 (RFC 9380 expander)",
    "warifu-v1-HashToScalar-ristretto255-SHA512": "hashing to a scalar in suite 1 (RFC 9380 expander)",
    "warifu-v1/answer": "the provider's signature over an answer; prefix of the HPKE `info` of a sealed answer",
    "warifu-v1/answer-digest": "the digest that stands for an answer in records and log",
    "warifu-v1/answers-together": "prefix of the HPKE `info` of answers that share a set-up",
    "warifu-v1/authority-hedge-key": "the authority's key for hedged randomness, from its one key file",
    "warifu-v1/authority-lookup-key": "the authority's key for finding a number without showing it",
    "warifu-v1/authority-number": "looking up a My Number at the authority",
    "warifu-v1/authority-resident": "looking up a resident record code at the authority",
    "warifu-v1/authority-storage-key": "the authority's key for numbers at rest",
    "warifu-v1/code-proof": "the challenge of the proof that an inquirer made its encrypted code itself",
    "warifu-v1/code-proof-nonce": "the one-time scalar of that proof",
    "warifu-v1/conversion": "the hub's signature over codes it converted, issued or rotated, and over its proofs",
    "warifu-v1/conversion-leaf": "a conversion in the tree of those that are proven together",
    "warifu-v1/conversion-nonce": "the one-time scalars of conversion proofs",
    "warifu-v1/conversion-proof": "the challenge of conversion proofs",
    "warifu-v1/directory-entries": "the digest of all entries of a version of the directory",
    "warifu-v1/directory-entry": "an agency's signature over its directory entry, and the key id",
    "warifu-v1/directory-entry-hub": "the hub's signature over an entry and the agency's signature",
    "warifu-v1/directory-former-keys": "the digest of keys that others have replaced, in a header of the directory",
    "warifu-v1/directory-header": "the digest of a header of the directory, which its root signature is over",
    "warifu-v1/dleq-keydir": "challenge of a joint-key proof",
    "warifu-v1/hedge": "randomness of one encryption, hedged with the code and the request",
    "warifu-v1/bank-application": "a card's signature over an application for a bank account",
    "warifu-v1/jpki-application": "telling applications for a card apart at the certificate authority",
    "warifu-v1/jpki-consent": "a card's signature over a consent to give the newest four items",
    "warifu-v1/jpki-issue": "telling requests for certificates apart at the certificate authority",
    "warifu-v1/jpki-login": "a card's signature when its holder logs in",
    "warifu-v1/jpki-possession": "a card's proof that it has the key that a certificate is wanted for",
    "warifu-v1/jpki-registration": "a card's signature when its holder registers, or replaces her certificate",
    "warifu-v1/key-check": "the check value by which a database knows its keys",
    "warifu-v1/hedge-key": "an agency's key for hedged randomness, from its storage key",
    "warifu-v1/hub-factor": "the hub's factor s of one institution and epoch",
    "warifu-v1/hub-open": "the hub's opening share h of one institution and epoch",
    "warifu-v1/inquiry": "the inquirer's signature over an inquiry",
    "warifu-v1/inquiry-content": "telling the contents of a node's own inquiries apart",
    "warifu-v1/inquiry-digest": "the digest that stands for an inquiry in records and log",
    "warifu-v1/issue": "the authority's signature over codes to be converted",
    "warifu-v1/permission-table": "the digest of the permission table's file, in a header of the directory",
    "warifu-v1/permit": "the hub's signature over a permit",
    "warifu-v1/person-point": "a person's point, from the authority's key and person id",
    "warifu-v1/proof-draw": "a provider's key to draw the permits by that it has proven, where conversions are sampled",
    "warifu-v1/proof-nonce": "nonces of proofs, hedged",
    "warifu-v1/queries-together": "prefix of the HPKE `info` of queries that share a set-up",
    "warifu-v1/rerand": "the randomiser k of one conversion",
    "warifu-v1/signed-together": "a signature over the root of what was signed together",
    "warifu-v1/rotation": "an agency's signature over codes of its own to be rotated",
    "warifu-v1/row": "an agency's row key of one code",
}


WITHOUT_ERROR_INFO = (
    ("the call never left: no connection could be made", "NOT_CONNECTED", True),
    ("RESOURCE_EXHAUSTED, because the called side's gRPC took no message so large", "REQUEST_TOO_LARGE", True),
    ("UNAVAILABLE, because the called side's gRPC refused the stream (HTTP/2's REFUSED_STREAM)", "OVERLOADED", True),
    (
        "DEADLINE_EXCEEDED",
        "timed out (NODE_TIMED_OUT, HUB_TIMED_OUT, PROVIDER_TIMED_OUT; of the authority AUTHORITY_UNREACHABLE)",
        False,
    ),
    (
        "UNAVAILABLE or CANCELLED; INTERNAL or UNKNOWN, which is how a peer that dies looks",
        "broke off (NODE_UNREACHABLE, HUB_UNREACHABLE, AUTHORITY_UNREACHABLE, PROVIDER_FAILED)",
        False,
    ),
    (
        "the reply does not parse, or this side's gRPC takes none so large",
        "answer invalid (HUB_ANSWER_INVALID, AUTHORITY_ANSWER_INVALID, PROVIDER_FAILED; of one's own node INTERNAL)",
        False,
    ),
    ("anything else, such as UNIMPLEMENTED", "INTERNAL", False),
)
"""What ``warifu.rpc.status.from_rpc_error`` decides, for people to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rpc:
    """One RPC as its proto has it. ``request`` and ``response`` say ``stream`` where they are one."""

    name: str
    request: str
    response: str
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service as its proto has it. ``full_name`` is with package, ``path`` below the tree."""

    full_name: str
    path: str
    comment: str
    rpcs: tuple[Rpc, ...]


_RPC = re.compile(r"\s+rpc (\w+)\((.+?)\) returns \((.+?)\)")


def read_services() -> Iterator[Service]:
    """Every service of the contract, by path of its proto."""
    for path in sorted((ROOT / "protos").rglob("*_service.proto")):
        yield from _services_in(path)


def _services_in(path: Path) -> Iterator[Service]:
    text = path.read_text("utf-8")
    (package,) = re.findall(r"^package (.+);$", text, re.MULTILINE)
    comment: list[str] = []
    name, service_comment, rpcs = "", "", list[Rpc]()
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("//"):
            comment.append(stripped.removeprefix("//").strip())
            continue
        if found := re.match(r"service (\w+) {", line):
            name, service_comment, rpcs = found[1], " ".join(comment), list[Rpc]()
        elif found := _RPC.match(line):
            rpcs.append(Rpc(name=found[1], request=found[2], response=found[3], comment=" ".join(comment)))
        elif line == "}" and name:
            yield Service(
                full_name=f"{package}.{name}",
                path=path.relative_to(ROOT).as_posix(),
                comment=service_comment,
                rpcs=tuple(rpcs),
            )
            name = ""
        comment = []


def read_callers() -> dict[str, str]:
    """Who may call each RPC, from every access table that a server is built with."""
    callers: dict[str, str] = {}
    for package in (warifu.adapter, warifu.party, warifu_hub, warifu_services):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "servicer" not in module.name:
                continue
            loaded = importlib.import_module(module.name)
            for table in (value for name, value in vars(loaded).items() if name.endswith("_ACCESS")):
                callers |= {method: ", ".join(sorted(role.value for role in roles)) for method, roles in table.items()}
    return callers


def _service_lines(service: Service, callers: dict[str, str]) -> Iterator[str]:
    yield f"### {service.full_name}"
    yield ""
    yield f"{service.comment} ([proto](../{service.path}))"
    yield ""
    yield "| RPC | callers | request | response |"
    yield "|---|---|---|---|"
    for rpc in service.rpcs:
        who = callers.get(f"/{service.full_name}/{rpc.name}", "nobody: not served")
        yield f"| `{rpc.name}` | {who} | `{rpc.request}` | `{rpc.response}` |"
    yield ""
    for rpc in service.rpcs:
        yield f"- `{rpc.name}`: {rpc.comment}"
    yield ""


def _context_lines() -> Iterator[str]:
    layout = context._LAYOUT  # noqa: SLF001  # the page is about it
    names = [field.name for field in fields(context.ExchangeContext)]
    _must_match("CONTEXT_FIELDS", set(CONTEXT_FIELDS), set(names))
    yield "| offset | bytes | field | form | what |"
    yield "|---|---|---|---|---|"
    offset = 0
    for part, name in zip(re.findall(r"\d*[a-zA-Z]", layout.format), names, strict=True):
        size = struct.calcsize(">" + part)
        form = "bytes" if part == f"{size}s" else f"u{8 * size}"
        if name in ("inquirer", "provider", "item_code", "procedure_code"):
            form = "ASCII"
        yield f"| {offset} | {size} | `{name}` | {form} | {CONTEXT_FIELDS[name]} |"
        offset += size
    yield f"| {offset} | | | | end |"
    yield ""
    kinds = ", ".join(f"{kind.value} `{kind.name}`" for kind in context.ContextKind)
    flags = ", ".join(f"{flag.value} `{flag.name}`" for flag in context.ExchangeFlags)
    yield f"Kinds: {kinds}. Flags (a bit each; any other bit is refused): {flags}."
    validity = int(context.LONGEST_VALIDITY.total_seconds() // 60)
    skew = int(context.LONGEST_SKEW.total_seconds() // 60)
    yield f"A context lives {validity} minutes at most; clocks may differ by {skew} minutes."
    item, procedure = context.NO_ITEM, context.NO_PROCEDURE
    yield f"In a context of kind `ISSUE` or `ROTATE` the item is `{item}` and the procedure `{procedure}`: none."


def read_labels() -> dict[str, list[str]]:
    """Every label in the sources, with the files that use it."""
    found: dict[str, list[str]] = {}
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for label in re.findall(r'b"(warifu-v1[-/][^"]+)"', path.read_text("utf-8")):
                files = found.setdefault(label, [])
                name = path.relative_to(ROOT).as_posix()
                files += [] if name in files else [name]
    return found


def _label_lines() -> Iterator[str]:
    found = read_labels()
    _must_match("LABELS", set(LABELS), set(found))
    yield "| label | use | in |"
    yield "|---|---|---|"
    for label in sorted(LABELS):
        files = ", ".join(f"[{_within_package(name)}](../{name})" for name in found[label])
        yield f"| `{label}` | {LABELS[label]} | {files} |"


def _within_package(name: str) -> str:
    """A file's path below its package: "authority/keys.py" says more than "keys.py"."""
    return re.sub(r"^.*?/warifu(_[a-z]+)?/", "", name)


def _must_match(name: str, described: set[str], present: set[str]) -> None:
    if described != present:
        gone, new = sorted(described - present), sorted(present - described)
        sys.exit(f"{Path(__file__).name}: {name} lacks {new} and has {gone} too many")


def _statement_lines() -> Iterator[str]:
    for name in statements.__all__:
        if name.startswith("sign_"):
            first = (getattr(statements, name).__doc__ or "").strip().splitlines()[0]
            yield f"- `{name}`: {first}"


def _error_lines() -> Iterator[str]:
    yield "| reason | gRPC status | definite? | public text |"
    yield "|---|---|---|---|"
    for reason, entry in CATALOGUE.items():
        definite = "yes" if entry.definite else "**no**"
        yield f"| `{reason.value}` | `{entry.status}` | {definite} | {entry.public_text} |"


def _without_lines() -> Iterator[str]:
    yield "| how the call ended | what it means | definite? |"
    yield "|---|---|---|"
    for ended, means, definite in WITHOUT_ERROR_INFO:
        told = re.sub(r"\b([A-Z]{3,}(?:_[A-Z]+)+|[A-Z]{7,})\b", r"`\1`", f"{ended} | {means}")
        yield f"| {told} | {'yes' if definite else '**no**'} |"


def page() -> str:
    """The whole page."""
    callers = read_callers()
    services = [line for service in read_services() for line in _service_lines(service, callers)]
    return "\n".join(
        [
            "# The protocol",
            "",
            "<!-- Written by tools/write_protocol_page.py; change the sources, not this page. -->",
            "",
            "**SIMULATED.** This is the contract of the simulator, not of the real network. This page is written from the",
            "protos, the access tables, the context's layout and the error catalogue; a test fails when it differs. The pages",
            "beside it say the rest, so that a node can be written in any language without a look at the code:",
            "",
            *(f"- [{name}](protocol/{name}.md): {about}" for name, about in PAGES.items()),
            "- [proofs](proofs.md): how the hub proves its conversions, and why so",
            "- [errors.json](errors.json): the error catalogue for programs: who makes a reason, and what to do",
            "",
            "## RPCs, and who may call them",
            "",
            "The role is the one in the caller's certificate (`warifu://<network>/<role>/<institution code>`). Everybody",
            "on the network may also call `grpc.health.v1.Health`. A server whose table does not fit what it serves does",
            "not start ([access.py](../src/warifu/rpc/access.py)).",
            "",
            *services,
            "## The context of an exchange",
            "",
            f"{context.CONTEXT_SIZE} bytes, big-endian ([context.py](../src/warifu/exchange/context.py)). It is the HPKE `info` of the",
            "sealed query, it is under every signature of the exchange, and the hub decides on it alone.",
            "",
            *_context_lines(),
            "",
            "## Signatures",
            "",
            "Ed25519 over `digest(label, items…)`. The digest is on [a page of its own](protocol/bytes.md#digestlabel-items), and so are",
            "the [fields under each label](protocol/signed.md), in the order of [statements.py](../src/warifu/exchange/statements.py).",
            "Log checkpoints are C2SP signed notes, headers of the directory are signed by the root with ECDSA, and the revocation list",
            "is an X.509 CRL; none of these is signed this way.",
            "",
            *_statement_lines(),
            "",
            "Inquiries, permits and answers to one addressee that a party signs in the same moment may share one signature, over the",
            f"root of a tree of {together.MOST_TOGETHER} statements at most ([layout](protocol/signed.md#signed-together)). One signed alone has",
            f"{signature.SIGNATURE_SIZE} bytes and nothing else; all others are signed so. Every verifier takes both forms; nobody has to make the",
            "longer one.",
            "",
            "## Labels",
            "",
            "Every hash, signature and derived key has a label of its own, so that a value made for one purpose never equals",
            "one made for another.",
            "",
            *_label_lines(),
            "",
            "## Errors",
            "",
            f"A failed call carries a `google.rpc.Status` with one `ErrorInfo` ([how](protocol/transport.md#errors)): domain `{DOMAIN}`, the",
            "reason below, and in the metadata `definite` and, if there is one, `where`, the place in the input. On a stream all three",
            "stand in `CallFailure`. *Definite* means that surely nothing was provided, also when the request was sent before;",
            "after any other, ask again with the same `request_id`. The catalogue is [errors.py](../src/warifu/errors.py); for programs, with",
            "who makes each reason and what to do, [errors.json](errors.json). In Japanese: [エラーと対処](ja/guide/errors.md).",
            "",
            "Any RPC may also end with `CALLER_NOT_IDENTIFIED`, `CALLER_REVOKED`, `CALLER_NOT_IN_DATE`, `CALLER_NOT_ALLOWED`,",
            "`REQUEST_TOO_LARGE`, `OVERLOADED`, `INTERNAL` or, at a hub that is several processes, `LOG_UNAVAILABLE`. A message that does not parse is `REQUEST_MALFORMED`. `NOT_CONNECTED`,",
            "`PEER_NOT_TRUSTED`, `OWN_CERTIFICATE_INVALID`, `NODE_UNREACHABLE` and `NODE_TIMED_OUT` never travel: a caller says them to itself.",
            "",
            "### A failure without ErrorInfo",
            "",
            "The called party broke off, or gRPC itself refused, on either side. Three of these are definite, and no other is",
            "([status.py](../src/warifu/rpc/status.py)):",
            "",
            *_without_lines(),
            "",
            "### The catalogue",
            "",
            *_error_lines(),
            "",
        ]
    )


def main() -> int:
    """Write the page, or with ``--check`` compare it. Returns the exit status."""
    wanted = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(wanted, "utf-8")
        return 0
    if not PAGE.exists() or PAGE.read_text("utf-8") != wanted:
        print(f"{PAGE.relative_to(ROOT)} is stale; run: .venv/bin/python tools/{Path(__file__).name}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
