#!/usr/bin/env python3
"""Writes docs/errors.json: the error catalogue for programs in any language, and for people who look a reason up.

Reason, gRPC status, definite and text come from the catalogue (``warifu.errors``), who makes a reason and in which RPC
from the protos' lists. What a person must say, what to do, stands in ``ADVICE`` below; a reason without a line there, and
a line without its reason, is an error. With ``--check`` nothing is written and a file that differs is an error.

Usage::

    .venv/bin/python tools/write_error_catalogue.py
    .venv/bin/python tools/write_error_catalogue.py --check
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, Final

import grpc
from write_protocol_page import WITHOUT_ERROR_INFO, Service, read_services

from warifu.errors import CATALOGUE, Reason
from warifu.rpc.status import DOMAIN, UNCONNECTED

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "docs" / "errors.json"

SAME: Final = "the same request, after a pause"
LONGER: Final = "the same request, with a longer deadline"
CAUSE: Final = "the same request, once its cause is gone"
DECIDED: Final = "the same request, once an operator has decided"
NEW: Final = "a new request, once its cause is gone"
ANSWER: Final = "no: it is the answer"
HERE: Final = "no: it is said by a program to whoever runs it, about that machine's own files"

ADVICE: Final[dict[str, tuple[str, str]]] = {
    "CALLER_NOT_IDENTIFIED": (NEW, "Call with the certificate of the institution that the message is from."),
    "CALLER_REVOKED": (NEW, "Have a new certificate issued (`warifu certificate renew`)."),
    "CALLER_NOT_IN_DATE": (NEW, "Renew the certificate, or set the clock right."),
    "CALLER_NOT_ALLOWED": (
        NEW,
        "See in docs/protocol.md which role may call the RPC, and call with that one's certificate.",
    ),
    "REQUEST_MALFORMED": (
        NEW,
        "`where` names the field; compare it with the proto's words on it. Never send it again as it is.",
    ),
    "REQUEST_TOO_LARGE": (NEW, "Cut the message into several, or the record down to what it may be."),
    "REQUEST_REUSED": (NEW, "Draw 16 new random bytes for a new request; send the old bytes for the old one."),
    "POINT_INVALID": (NEW, "A point is not canonical, not in the group, or the identity; look at how it is encoded."),
    "SUITE_UNKNOWN": (NEW, "Take the suite byte from the directory's header."),
    "SIGNATURE_INVALID": (
        NEW,
        "Recompute the digest by docs/protocol/signed.md and the vectors; see that the key is the directory's.",
    ),
    "EPOCH_STALE": (NEW, "Fetch the directory, and make the request anew under the keys in force."),
    "CLOCK_SKEWED": (NEW, "Set the clock right; a context lives ten minutes and clocks may differ by two."),
    "DEADLINE_TOO_SHORT": (LONGER, "Give the call more time: each hop keeps some for itself."),
    "INSTITUTION_UNKNOWN": (
        NEW,
        "See in the directory who is in the network; fetch it again for one that joined just now.",
    ),
    "PROCEDURE_UNKNOWN": (NEW, "See docs/permissions.md for the procedures that there are."),
    "ITEM_UNKNOWN": (NEW, "See docs/permissions.md for the items that there are, and who provides them."),
    "EXCHANGE_NOT_PERMITTED": (NEW, "The law has no row for it (docs/permissions.md): fall back to paper."),
    "ASSESSMENT_NOT_IN_FORCE": (NEW, "Wait until the supervisor reinstates the assessment of the file."),
    "CONSENT_MISSING": (NEW, "Have the person's consent recorded, and say so in the inquiry."),
    "PERMIT_REUSED": (NEW, "Only a hub that breaks the rules meets this: one permit, one exchange."),
    "NUMBER_MALFORMED": (NEW, "Look at the number's digits; full-width digits and blanks are refused."),
    "NUMBER_NOT_DESIGNATED": (NEW, "The number is not of this network, or was replaced; ask the person."),
    "ACQUISITION_LIMITED": (CAUSE, "Go on hours later; the authority's operator has been told."),
    "CODE_NOT_ACQUIRED": (CAUSE, "Acquire the person's code first (NodeService.AcquireCodes)."),
    "CODE_ALREADY_HELD": (
        NEW,
        "One person is in the business system under two local numbers, or two under one: mend that.",
    ),
    "RECORD_NOT_HELD": (ANSWER, "Fall back to paper; ask anew when there is cause."),
    "RECORD_NOT_PUBLISHED": (ANSWER, "Fall back to paper; ask anew when the record is published."),
    "RELEASE_REFUSED": (ANSWER, "Fall back to paper."),
    "INQUIRY_UNKNOWN": (NEW, "Look at the request_id or processing number; what has ended is kept for a day."),
    "ASKED_BEFORE": (
        SAME,
        "Ask again with the same request_id for as long as it is worth it; then treat it as perhaps provided.",
    ),
    "PROVIDER_UNREACHABLE": (SAME, "The provider is down or moved; the same bytes find it when it is back."),
    "PROVIDER_TIMED_OUT": (SAME, "Ask again with the same request_id: the answer may be there by now."),
    "PROVIDER_ANSWER_INVALID": (
        SAME,
        "The provider's node is at fault; tell its operator, and ask again with the same request_id.",
    ),
    "ADAPTER_UNREACHABLE": (SAME, "The provider's business system is down; the same bytes find it when it is back."),
    "ADAPTER_TIMED_OUT": (SAME, "The provider's business system was too slow; ask again with the same request_id."),
    "ADAPTER_ANSWER_INVALID": (
        SAME,
        "The provider's business system is at fault; its node's log names the field. Ask again once it is mended.",
    ),
    "PROVIDER_FAILED": (SAME, "Ask again with the same request_id; if it stays, tell the provider's operator."),
    "HUB_UNREACHABLE": (SAME, "Ask again with the same request_id: the hub may be restarting."),
    "HUB_TIMED_OUT": (SAME, "Ask again with the same request_id: the exchange goes on meanwhile."),
    "HUB_ANSWER_INVALID": (SAME, "Ask again with the same request_id; if it stays, tell the hub's operator."),
    "CONVERSION_NOT_PROVEN": (
        NEW,
        "The hub is at fault; the provider's node keeps the permit as evidence (`warifu audit evidence`).",
    ),
    "AUTHORITY_UNREACHABLE": (SAME, "Ask again; acquiring a code twice is the same as once."),
    "AUTHORITY_ANSWER_INVALID": (SAME, "Tell the authority's operator; acquiring a code twice is the same as once."),
    "NODE_UNREACHABLE": (SAME, "Ask again with the same request_id: the node may be restarting."),
    "NODE_TIMED_OUT": (SAME, "Ask again with the same request_id, or fetch the answer."),
    "CARD_UNKNOWN": (NEW, "Look at the number of the application: 23 digits, of this network's office."),
    "CARD_STEP_REFUSED": (NEW, "`where` says what stands against it; `warifu card history` shows where the card is."),
    "HOLDER_TOO_YOUNG": (NEW, "Ask for the certificate for authentication alone."),
    "CERTIFICATE_UNKNOWN": (NEW, "Look at the serial number: this network's authority issued no such certificate."),
    "CERTIFICATE_NOT_TRUSTED": (NEW, "`where` says what is wrong; see that the certificate is one for this use."),
    "CERTIFICATE_NOT_IN_DATE": (NEW, "Have a new certificate issued, or set the clock right."),
    "CERTIFICATE_REVOKED": (NEW, "`where` says why; a suspended one is good again when its card is found."),
    "CERTIFICATE_STATUS_UNKNOWN": (NEW, "Present it again, with a fresh nonce, when the authority answers again."),
    "CONSENT_NOT_IN_FORCE": (NEW, "Ask the holder for her consent; one lasts ten years, and may be taken back."),
    "NONCE_NOT_OPEN": (NEW, "Ask for another nonce, and present what was signed over it once, within five minutes."),
    "USER_UNKNOWN": (NEW, "Register first; or look at the number of the account."),
    "USER_ALREADY_REGISTERED": (ANSWER, "Let her log in; or replace her certificate where she has a new card."),
    "SIGNING_CERTIFICATE_LAPSED": (NEW, "Ask her for her new signing certificate (`PlatformService.Replace`)."),
    "PREDECESSOR_UNKNOWN": (NEW, "She is no user of this service; register her."),
    "ITEMS_DIFFER": (NEW, "`where` names the items; write them as the certificate, or the card, has them."),
    "JPKI_UNREACHABLE": (SAME, "Ask again; certificates asked for twice are issued once."),
    "JPKI_ANSWER_INVALID": (SAME, "Tell the certificate authority's operator."),
    "NOT_CONNECTED": (SAME, "Look at endpoint, port and firewall; `where` says what was found there."),
    "PEER_NOT_TRUSTED": (
        CAUSE,
        "Look at endpoint, root certificate and clock; `where` says what is wrong with what answers.",
    ),
    "OWN_CERTIFICATE_INVALID": (CAUSE, "Renew the certificate, or set the clock right."),
    "LOG_UNAVAILABLE": (SAME, "Ask again with the same request_id; if it stays, the hub's disk is full or broken."),
    "STORE_UNAVAILABLE": (SAME, "Ask again with the same request_id; if it stays, the party's disk is full or broken."),
    "OVERLOADED": (SAME, "Wait some seconds, and have fewer calls and streams open at a time."),
    "CONFIG_INVALID": (HERE, "`where` names file, line and field."),
    "ADDRESS_IN_USE": (HERE, "Choose another port, or 0."),
    "FILE_INVALID": (HERE, "`where` names file, line and field; nothing of it was taken."),
    "DIRECTORY_INVALID": (
        HERE,
        "The version is not taken and the one held goes on; fetch it again, or tell who made it.",
    ),
    "KEY_INVALID": (HERE, "`where` names the file; its mode must be 0600, and its key the one in the directory."),
    "LOG_INVALID": (HERE, "Keep what was verified: it may be evidence against the hub."),
    "LOG_BEHIND": (DECIDED, "The hub was restored from an older state: its operator starts it with --go-on."),
    "RECORDS_BEHIND": (DECIDED, "The node was restored from an older state: its operator starts it with --go-on."),
    "PATH_UNUSABLE": (HERE, "`where` names the file or folder."),
    "PARTY_NOT_STARTED": (HERE, "`where` names the party; its log says why."),
    "INTERNAL": (SAME, "Ask again with the same request_id; if it stays, the called party's log says what failed."),
}
"""Of each reason: what may be sent again, and what to do."""

MAKERS: Final = {
    "warifu.api.adapter": "business system, to its node",
    "warifu.api.agency": "provider's node, to the hub",
    "warifu.api.authority": "numbering authority",
    "warifu.api.directory": "hub",
    "warifu.api.hub": "hub",
    "warifu.api.log": "hub",
    "warifu.api.jpki": "certificate authority",
    "warifu.api.node": "own node, to its business system",
    "warifu.api.party": "any party",
    "warifu.api.verifier": "verifier",
}

ANY_RPC: Final = (
    "CALLER_NOT_IDENTIFIED",
    "CALLER_REVOKED",
    "CALLER_NOT_IN_DATE",
    "CALLER_NOT_ALLOWED",
    "REQUEST_MALFORMED",
    "REQUEST_TOO_LARGE",
    "OVERLOADED",
    "INTERNAL",
)
"""What the edge of any party's server refuses with."""

CALLERS_OWN: Final = {
    **dict.fromkeys((reason.value for reason in UNCONNECTED), "any caller, to itself: nothing was sent"),
    **dict.fromkeys(("NODE_UNREACHABLE", "NODE_TIMED_OUT"), "business system, to itself, about its own node"),
    **dict.fromkeys(("HUB_UNREACHABLE", "HUB_TIMED_OUT", "HUB_ANSWER_INVALID"), "whoever calls the hub, to itself"),
    **dict.fromkeys(
        ("AUTHORITY_UNREACHABLE", "AUTHORITY_ANSWER_INVALID"), "whoever calls the numbering authority, to itself"
    ),
    **dict.fromkeys(("JPKI_UNREACHABLE", "JPKI_ANSWER_INVALID"), "whoever calls the certificate authority, to itself"),
}
"""What a caller says to itself of a call that ended without a reason, or whose reply it cannot believe."""

TOLD_IN_PLACE: Final = {
    "CODE_ALREADY_HELD": "own node, to its business system",
}
"""Reasons that stand in a reply, in the place of the one thing that they are about, and end no call."""


def _listed(service: Service, rpc: str, services: dict[str, Service]) -> set[str]:
    """The reasons that an RPC's comment lists, with those of the RPCs that it says it ends as."""
    comment = {each.name: each.comment for each in service.rpcs}[rpc].partition("Errors:")[2]
    found = {name for name in re.findall(r"\b[A-Z]+(?:_[A-Z]+)*\b", comment) if name in Reason.__members__}
    for named in re.findall(r"\bas ((?:[A-Z]\w+\.)?[A-Z][a-z]\w+)", comment):
        of, _, name = named.rpartition(".")
        found |= _listed(services[of] if of else service, name, services)
    return found


def _made_by() -> dict[str, tuple[set[str], list[str]]]:
    """Of each reason: who makes it, and which RPCs list it."""
    services = {service.full_name.rpartition(".")[2]: service for service in read_services()}
    found: dict[str, tuple[set[str], list[str]]] = {reason.value: (set(), []) for reason in Reason}
    for name, service in services.items():
        maker = MAKERS[".".join(service.full_name.split(".")[:3])]
        for rpc in service.rpcs:
            for reason in _listed(service, rpc.name, services):
                found[reason][0].add(maker)
                found[reason][1].append(f"{name}.{rpc.name}")
    for makers in (dict.fromkeys(ANY_RPC, "any party"), CALLERS_OWN, TOLD_IN_PLACE):
        for reason, maker in makers.items():
            found[reason][0].add(maker)
    return found


def catalogue() -> dict[str, Any]:
    """The whole file."""
    if set(ADVICE) != {reason.value for reason in Reason}:
        sys.exit(f"{Path(__file__).name}: ADVICE and the catalogue differ in {set(ADVICE) ^ set(Reason.__members__)}")
    made_by = _made_by()
    return {
        "simulated": "SIMULATED: of a simulator, not of the real network",
        "written_by": "tools/write_error_catalogue.py",
        "domain": DOMAIN,
        "metadata": {
            "definite": "'true': surely nothing was provided; 'false': nobody knows before the same request is sent again",
            "where": "the place in the request, 512 characters at most; never personal; left out where there is none",
            "done": "of calls about many things: how many of them, from the first on, were surely done before the fault",
            "retry_after_ms": "of a refusal for want of room: after how many milliseconds there may be some, 60,000 at most",
        },
        "without_error_info": [
            {"ended": ended, "means": means, "definite": definite} for ended, means, definite in WITHOUT_ERROR_INFO
        ],
        "reasons": [_line(reason, *made_by[reason.value]) for reason in Reason],
    }


def _line(reason: Reason, makers: set[str], rpcs: list[str]) -> dict[str, Any]:
    entry = CATALOGUE[reason]
    again, what_to_do = ADVICE[reason.value]
    return {
        "reason": reason.value,
        "grpc_status": entry.status,
        "grpc_code": grpc.StatusCode[entry.status].value[0],
        "definite": entry.definite,
        "travels": bool(makers - {CALLERS_OWN.get(reason.value)}),
        "made_by": sorted(makers) or ["a program, to whoever runs it"],
        "rpcs": sorted(rpcs) if reason.value not in ANY_RPC else ["any"],
        "public_text": entry.public_text,
        "again": again,
        "what_to_do": what_to_do,
    }


def main() -> int:
    """Write the file, or with ``--check`` compare it. Returns the exit status."""
    wanted = json.dumps(catalogue(), indent=1, ensure_ascii=False) + "\n"
    if "--check" not in sys.argv[1:]:
        FILE.write_text(wanted, "utf-8")
        return 0
    if not FILE.exists() or FILE.read_text("utf-8") != wanted:
        print(f"{FILE.relative_to(ROOT)} is stale; run: .venv/bin/python tools/{Path(__file__).name}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
