"""The error catalogue: every way a warifu call can end badly, said once.

Decides, for each :class:`Reason`, the gRPC status it travels as, whether it is *definite* (no information was provided,
for sure, so nothing needs reconciling) and the one public sentence people read.

Core code raises :class:`WarifuError`; exactly one place, ``warifu.rpc.status``, turns it into a
``google.rpc.Status`` and back. An error must never carry a My Number, a code, a name or a payload: ``where``
is public and says *where* in the input the fault lies (a field path, or file, line and field); ``debug`` is for
the local log only, and is held to the same rule.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

__all__ = ["CATALOGUE", "CatalogueEntry", "Reason", "WarifuError"]


class Reason(enum.Enum):
    """Why a call failed. The value is the ``reason`` of the ``ErrorInfo`` on the wire."""

    CALLER_NOT_IDENTIFIED = "CALLER_NOT_IDENTIFIED"
    CALLER_REVOKED = "CALLER_REVOKED"
    CALLER_NOT_IN_DATE = "CALLER_NOT_IN_DATE"
    CALLER_NOT_ALLOWED = "CALLER_NOT_ALLOWED"
    REQUEST_MALFORMED = "REQUEST_MALFORMED"
    REQUEST_TOO_LARGE = "REQUEST_TOO_LARGE"
    REQUEST_REUSED = "REQUEST_REUSED"
    POINT_INVALID = "POINT_INVALID"
    SUITE_UNKNOWN = "SUITE_UNKNOWN"
    SIGNATURE_INVALID = "SIGNATURE_INVALID"
    EPOCH_STALE = "EPOCH_STALE"
    CLOCK_SKEWED = "CLOCK_SKEWED"
    DEADLINE_TOO_SHORT = "DEADLINE_TOO_SHORT"
    INSTITUTION_UNKNOWN = "INSTITUTION_UNKNOWN"
    PROCEDURE_UNKNOWN = "PROCEDURE_UNKNOWN"
    ITEM_UNKNOWN = "ITEM_UNKNOWN"
    EXCHANGE_NOT_PERMITTED = "EXCHANGE_NOT_PERMITTED"
    ASSESSMENT_NOT_IN_FORCE = "ASSESSMENT_NOT_IN_FORCE"
    CONSENT_MISSING = "CONSENT_MISSING"
    PERMIT_REUSED = "PERMIT_REUSED"
    NUMBER_MALFORMED = "NUMBER_MALFORMED"
    NUMBER_NOT_DESIGNATED = "NUMBER_NOT_DESIGNATED"
    ACQUISITION_LIMITED = "ACQUISITION_LIMITED"
    CODE_NOT_ACQUIRED = "CODE_NOT_ACQUIRED"
    CODE_ALREADY_HELD = "CODE_ALREADY_HELD"
    RECORD_NOT_HELD = "RECORD_NOT_HELD"
    RECORD_NOT_PUBLISHED = "RECORD_NOT_PUBLISHED"
    RELEASE_REFUSED = "RELEASE_REFUSED"
    INQUIRY_UNKNOWN = "INQUIRY_UNKNOWN"
    ASKED_BEFORE = "ASKED_BEFORE"
    PROVIDER_UNREACHABLE = "PROVIDER_UNREACHABLE"
    PROVIDER_TIMED_OUT = "PROVIDER_TIMED_OUT"
    PROVIDER_ANSWER_INVALID = "PROVIDER_ANSWER_INVALID"
    PROVIDER_FAILED = "PROVIDER_FAILED"
    HUB_UNREACHABLE = "HUB_UNREACHABLE"
    HUB_TIMED_OUT = "HUB_TIMED_OUT"
    HUB_ANSWER_INVALID = "HUB_ANSWER_INVALID"
    CONVERSION_NOT_PROVEN = "CONVERSION_NOT_PROVEN"
    AUTHORITY_UNREACHABLE = "AUTHORITY_UNREACHABLE"
    AUTHORITY_ANSWER_INVALID = "AUTHORITY_ANSWER_INVALID"
    ADAPTER_UNREACHABLE = "ADAPTER_UNREACHABLE"
    ADAPTER_TIMED_OUT = "ADAPTER_TIMED_OUT"
    ADAPTER_ANSWER_INVALID = "ADAPTER_ANSWER_INVALID"
    NODE_UNREACHABLE = "NODE_UNREACHABLE"
    NODE_TIMED_OUT = "NODE_TIMED_OUT"
    CARD_UNKNOWN = "CARD_UNKNOWN"
    CARD_STEP_REFUSED = "CARD_STEP_REFUSED"
    HOLDER_TOO_YOUNG = "HOLDER_TOO_YOUNG"
    CERTIFICATE_UNKNOWN = "CERTIFICATE_UNKNOWN"
    CERTIFICATE_NOT_TRUSTED = "CERTIFICATE_NOT_TRUSTED"
    CERTIFICATE_NOT_IN_DATE = "CERTIFICATE_NOT_IN_DATE"
    CERTIFICATE_REVOKED = "CERTIFICATE_REVOKED"
    CERTIFICATE_STATUS_UNKNOWN = "CERTIFICATE_STATUS_UNKNOWN"
    CONSENT_NOT_IN_FORCE = "CONSENT_NOT_IN_FORCE"
    NONCE_NOT_OPEN = "NONCE_NOT_OPEN"
    USER_UNKNOWN = "USER_UNKNOWN"
    USER_ALREADY_REGISTERED = "USER_ALREADY_REGISTERED"
    SIGNING_CERTIFICATE_LAPSED = "SIGNING_CERTIFICATE_LAPSED"
    PREDECESSOR_UNKNOWN = "PREDECESSOR_UNKNOWN"
    ITEMS_DIFFER = "ITEMS_DIFFER"
    JPKI_UNREACHABLE = "JPKI_UNREACHABLE"
    JPKI_ANSWER_INVALID = "JPKI_ANSWER_INVALID"
    NOT_CONNECTED = "NOT_CONNECTED"
    PEER_NOT_TRUSTED = "PEER_NOT_TRUSTED"
    OWN_CERTIFICATE_INVALID = "OWN_CERTIFICATE_INVALID"
    LOG_UNAVAILABLE = "LOG_UNAVAILABLE"
    STORE_UNAVAILABLE = "STORE_UNAVAILABLE"
    OVERLOADED = "OVERLOADED"
    CONFIG_INVALID = "CONFIG_INVALID"
    ADDRESS_IN_USE = "ADDRESS_IN_USE"
    FILE_INVALID = "FILE_INVALID"
    DIRECTORY_INVALID = "DIRECTORY_INVALID"
    KEY_INVALID = "KEY_INVALID"
    LOG_INVALID = "LOG_INVALID"
    LOG_BEHIND = "LOG_BEHIND"
    RECORDS_BEHIND = "RECORDS_BEHIND"
    PATH_UNUSABLE = "PATH_UNUSABLE"
    PARTY_NOT_STARTED = "PARTY_NOT_STARTED"
    INTERNAL = "INTERNAL"


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One line of the catalogue.

    ``status`` is the name of a gRPC status code; ``definite`` is true when surely nothing was provided;
    ``public_text`` is one sentence that says what went wrong and, where there is something to do, what.
    """

    status: str
    definite: bool
    public_text: str


def _no(status: str, public_text: str) -> CatalogueEntry:
    return CatalogueEntry(status, True, public_text)


def _unknown(status: str, public_text: str) -> CatalogueEntry:
    return CatalogueEntry(status, False, public_text)


CATALOGUE: dict[Reason, CatalogueEntry] = {
    Reason.CALLER_NOT_IDENTIFIED: _no(
        "UNAUTHENTICATED",
        "The client certificate does not name exactly one institution of this network, or not the one in the request.",
    ),
    Reason.CALLER_REVOKED: _no("UNAUTHENTICATED", "The client certificate is on the network's revocation list."),
    Reason.CALLER_NOT_IN_DATE: _no(
        "UNAUTHENTICATED", "The client certificate is not valid at this time; renew it, or set the clock right."
    ),
    Reason.CALLER_NOT_ALLOWED: _no("PERMISSION_DENIED", "This kind of caller may not call this method."),
    Reason.REQUEST_MALFORMED: _no("INVALID_ARGUMENT", "The request does not have the shape the contract asks for."),
    Reason.REQUEST_TOO_LARGE: _no("RESOURCE_EXHAUSTED", "The message is larger than the network carries."),
    Reason.REQUEST_REUSED: _no(
        "ALREADY_EXISTS", "This request_id was used before with other content; use a fresh one for a new request."
    ),
    Reason.POINT_INVALID: _no("INVALID_ARGUMENT", "An encrypted code is not a valid element of the network's group."),
    Reason.SUITE_UNKNOWN: _no("INVALID_ARGUMENT", "The request names a cryptographic suite this network does not use."),
    Reason.SIGNATURE_INVALID: _no("UNAUTHENTICATED", "A signature does not verify over what it must cover."),
    Reason.EPOCH_STALE: _no(
        "FAILED_PRECONDITION", "The request uses keys of another epoch; fetch the directory again and retry."
    ),
    Reason.CLOCK_SKEWED: _no(
        "FAILED_PRECONDITION", "The request is expired or dated in the future; check the sender's clock."
    ),
    Reason.DEADLINE_TOO_SHORT: _no(
        "DEADLINE_EXCEEDED", "Too little time is left to finish the exchange; call again with a longer deadline."
    ),
    Reason.INSTITUTION_UNKNOWN: _no("NOT_FOUND", "No institution of this network has that institution code."),
    Reason.PROCEDURE_UNKNOWN: _no("NOT_FOUND", "The permission table knows no such procedure."),
    Reason.ITEM_UNKNOWN: _no("NOT_FOUND", "The permission table knows no such item."),
    Reason.EXCHANGE_NOT_PERMITTED: _no(
        "PERMISSION_DENIED", "No permission row lets this inquirer ask this provider for this item in this procedure."
    ),
    Reason.ASSESSMENT_NOT_IN_FORCE: _no(
        "PERMISSION_DENIED", "The protection assessment (PIA) of a file concerned is not in force."
    ),
    Reason.CONSENT_MISSING: _no(
        "PERMISSION_DENIED", "An ordinance affair needs the person's recorded consent for this item."
    ),
    Reason.PERMIT_REUSED: _no("ALREADY_EXISTS", "The provision permit was already used for another exchange."),
    Reason.NUMBER_MALFORMED: _no("INVALID_ARGUMENT", "The number is not well formed or its check digit is wrong."),
    Reason.NUMBER_NOT_DESIGNATED: _no(
        "NOT_FOUND", "The numbering authority of this network did not designate that number."
    ),
    Reason.ACQUISITION_LIMITED: _no(
        "RESOURCE_EXHAUSTED", "The agency acquired, or tried in vain, all the numbers that it may in a day; ask later."
    ),
    Reason.CODE_NOT_ACQUIRED: _no("FAILED_PRECONDITION", "No code has been acquired for this person here."),
    Reason.CODE_ALREADY_HELD: _no(
        "ALREADY_EXISTS", "The person's code is held under another local number, or the local number for another code."
    ),
    Reason.RECORD_NOT_HELD: _no("NOT_FOUND", "The provider has registered no such record; fall back to paper."),
    Reason.RECORD_NOT_PUBLISHED: _no("NOT_FOUND", "The record is outside its publication dates; fall back to paper."),
    Reason.RELEASE_REFUSED: _no("PERMISSION_DENIED", "A clerk of the provider refused to release the answer."),
    Reason.INQUIRY_UNKNOWN: _no("NOT_FOUND", "No such inquiry is known here."),
    Reason.ASKED_BEFORE: _unknown(
        "UNAVAILABLE", "This was asked before and may have been answered then; that answer cannot be had now."
    ),
    Reason.PROVIDER_UNREACHABLE: _no("UNAVAILABLE", "The provider could not be reached; nothing was asked of it."),
    Reason.PROVIDER_TIMED_OUT: _unknown("DEADLINE_EXCEEDED", "The provider did not answer in time; it may have."),
    Reason.PROVIDER_ANSWER_INVALID: _unknown(
        "INTERNAL", "The provider's answer is not a valid answer to this exchange and was discarded."
    ),
    Reason.PROVIDER_FAILED: _unknown("INTERNAL", "The provider failed while answering."),
    Reason.HUB_UNREACHABLE: _unknown(
        "UNAVAILABLE", "The hub could not be reached or broke off; retry with the same request_id."
    ),
    Reason.HUB_TIMED_OUT: _unknown(
        "DEADLINE_EXCEEDED", "The hub did not answer in time; retry with the same request_id."
    ),
    Reason.HUB_ANSWER_INVALID: _unknown(
        "INTERNAL", "What came back through the hub does not verify; it was discarded."
    ),
    Reason.CONVERSION_NOT_PROVEN: _no(
        "FAILED_PRECONDITION",
        "The hub did not prove that it converted the very code it was given; nothing was answered.",
    ),
    Reason.AUTHORITY_UNREACHABLE: _unknown("UNAVAILABLE", "The numbering authority could not be reached; retry."),
    Reason.AUTHORITY_ANSWER_INVALID: _unknown(
        "INTERNAL", "The numbering authority's answer does not have the shape the contract asks for; it was discarded."
    ),
    Reason.ADAPTER_UNREACHABLE: _no(
        "UNAVAILABLE",
        "The agency's business system could not be reached, broke off or is not ready; nothing was answered.",
    ),
    Reason.ADAPTER_TIMED_OUT: _no(
        "DEADLINE_EXCEEDED", "The agency's business system did not answer its node in time; nothing was answered."
    ),
    Reason.ADAPTER_ANSWER_INVALID: _no(
        "INTERNAL",
        "What the agency's business system said, or failed with, is no answer to what its node asked; nothing was answered.",
    ),
    Reason.NODE_UNREACHABLE: _unknown(
        "UNAVAILABLE", "The agency's own node broke off before it answered; retry with the same request_id."
    ),
    Reason.NODE_TIMED_OUT: _unknown(
        "DEADLINE_EXCEEDED", "The agency's own node did not answer in time; retry with the same request_id."
    ),
    Reason.CARD_UNKNOWN: _no("NOT_FOUND", "The office knows no application of that number."),
    Reason.CARD_STEP_REFUSED: _no("FAILED_PRECONDITION", "The card cannot take that step from where it is."),
    Reason.HOLDER_TOO_YOUNG: _no(
        "FAILED_PRECONDITION", "Nobody under 15 has a certificate for signing; ask for the other one alone."
    ),
    Reason.CERTIFICATE_UNKNOWN: _no("NOT_FOUND", "The certificate authority issued no such certificate."),
    Reason.CERTIFICATE_NOT_TRUSTED: _no(
        "UNAUTHENTICATED", "The certificate presented is not one that this use may be trusted with."
    ),
    Reason.CERTIFICATE_NOT_IN_DATE: _no("UNAUTHENTICATED", "The certificate presented is expired, or not good yet."),
    Reason.CERTIFICATE_REVOKED: _no(
        "UNAUTHENTICATED", "The certificate presented has lapsed or is suspended, by the authority that issued it."
    ),
    Reason.CERTIFICATE_STATUS_UNKNOWN: _no(
        "FAILED_PRECONDITION",
        "Whether the certificate presented is still good could not be found out; nothing was done.",
    ),
    Reason.CONSENT_NOT_IN_FORCE: _no(
        "PERMISSION_DENIED", "No consent in force lets this service have the newest of these items."
    ),
    Reason.NONCE_NOT_OPEN: _no(
        "FAILED_PRECONDITION", "The nonce was never given to this service, was used, or is too old; ask for another."
    ),
    Reason.USER_UNKNOWN: _no("NOT_FOUND", "No user of this service has that certificate; register first."),
    Reason.USER_ALREADY_REGISTERED: _no("ALREADY_EXISTS", "The holder of that certificate is a user of this service."),
    Reason.SIGNING_CERTIFICATE_LAPSED: _no(
        "FAILED_PRECONDITION", "The user's signing certificate lapsed; ask for the new one, with a replacement."
    ),
    Reason.PREDECESSOR_UNKNOWN: _no("NOT_FOUND", "The certificate follows none that a user of this service had."),
    Reason.ITEMS_DIFFER: _no(
        "FAILED_PRECONDITION", "What was written in the application is not what the certificate or the card says."
    ),
    Reason.JPKI_UNREACHABLE: _unknown("UNAVAILABLE", "The certificate authority could not be reached; retry."),
    Reason.JPKI_ANSWER_INVALID: _unknown(
        "INTERNAL", "What the certificate authority said does not have the shape the contract asks for."
    ),
    Reason.NOT_CONNECTED: _no(
        "UNAVAILABLE", "No connection to the called party could be made, so nothing was sent; retry after a pause."
    ),
    Reason.PEER_NOT_TRUSTED: _no(
        "FAILED_PRECONDITION",
        "What answers at that address is not to be trusted as the called party, so nothing was sent.",
    ),
    Reason.OWN_CERTIFICATE_INVALID: _no(
        "UNAUTHENTICATED", "The caller's own certificate is not valid now or not for this network; nothing was sent."
    ),
    Reason.LOG_UNAVAILABLE: _unknown(
        "UNAVAILABLE", "The exchange could not be logged, so the answer was withheld; retry with the same request_id."
    ),
    Reason.STORE_UNAVAILABLE: _unknown("UNAVAILABLE", "The party could not write its own records; retry."),
    Reason.OVERLOADED: _no("RESOURCE_EXHAUSTED", "Too many exchanges or streams are under way; retry after a pause."),
    Reason.CONFIG_INVALID: _no("FAILED_PRECONDITION", "A configuration file is not valid."),
    Reason.ADDRESS_IN_USE: _no(
        "FAILED_PRECONDITION", "Another program listens at that address; choose another port, or port 0 for a free one."
    ),
    Reason.FILE_INVALID: _no("INVALID_ARGUMENT", "An input file is not valid; nothing of it was taken."),
    Reason.DIRECTORY_INVALID: _no("FAILED_PRECONDITION", "A directory entry does not verify and is not used."),
    Reason.KEY_INVALID: _no("FAILED_PRECONDITION", "A key file is missing or malformed."),
    Reason.LOG_INVALID: _no("DATA_LOSS", "The exchange log does not verify."),
    Reason.LOG_BEHIND: _unknown(
        "FAILED_PRECONDITION",
        "The hub's log is not the one others have seen: it was restored from an older state. Start the hub with --go-on.",
    ),
    Reason.RECORDS_BEHIND: _unknown(
        "FAILED_PRECONDITION",
        "The party lacks records that the hub's log has: it was restored from an older state. Start it with --go-on.",
    ),
    Reason.PATH_UNUSABLE: _no("INVALID_ARGUMENT", "A file or folder cannot be used as asked."),
    Reason.PARTY_NOT_STARTED: _no("FAILED_PRECONDITION", "A party of the network did not start, or does not stay up."),
    Reason.INTERNAL: _unknown("INTERNAL", "Something failed inside the called party; its log says what."),
}


class WarifuError(Exception):
    """The one exception of warifu: a :class:`Reason`, where the fault lies, and a note for the local log.

    ``done`` is for calls about many things, and None for all others: how many of them, from the first on, were surely
    done before the fault. ``definite`` is what another party said of its failure; None where the catalogue says it.
    ``retry_after_s`` is after how many seconds there may be room for whoever is refused for want of it; None where nobody knows.
    ``str()`` gives the public text (with ``where`` and ``done``), never ``debug``, so printing one is always safe.
    """

    def __init__(
        self,
        reason: Reason,
        *,
        where: str = "",
        debug: str = "",
        done: int | None = None,
        definite: bool | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        self.reason = reason
        self.where = where
        self.debug = debug
        self.done = done
        self.definite: bool = CATALOGUE[reason].definite if definite is None else definite
        """True when surely nothing was provided."""
        self.retry_after_s = retry_after_s
        super().__init__(reason, where)

    @property
    def entry(self) -> CatalogueEntry:
        """The catalogue line of this error's reason."""
        return CATALOGUE[self.reason]

    def __str__(self) -> str:
        at = f" [{self.where}]" if self.where else ""
        before = "" if self.done is None else f" (done before it: {self.done})"
        return f"{self.reason.value}: {self.entry.public_text}{at}{before}"

    def after(self, done: int) -> WarifuError:
        """The same fault, met after ``done`` things were done."""
        return WarifuError(self.reason, where=self.where, debug=self.debug, done=done, definite=self.definite)
