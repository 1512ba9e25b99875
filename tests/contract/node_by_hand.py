"""A node in both roles, written from docs/protocol/node.md and what it points to, with nothing of ``warifu`` but its protos.

What another language's first node would be: it keeps everything in memory, makes one inquiry at a time and answers unary
calls. That it works against the real parties is what shows that the pages suffice.
"""

from __future__ import annotations

import json
import secrets
import struct
import time
from dataclasses import dataclass, field
from typing import Any

import grpc
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]  # ships its types without saying so
from tests.contract import protocol_by_hand as by_hand
from tests.contract.groups_by_hand import Element, L, minus, plus, times
from tests.contract.party_by_hand import LONGEST, Party, told, verify
from tests.contract.permission_by_hand import Asked, decided
from tests.contract.proofs_by_hand import Terms, followed, holds, leaf_of, numbers_in

from warifu.api.agency.v1.agency_service_pb2 import ProvideRequest, ProvideResponse
from warifu.api.authority.v1.authority_service_pb2 import AcquireCodeRequest, Acquisition
from warifu.api.authority.v1.authority_service_pb2_grpc import AuthorityServiceStub
from warifu.api.directory.v1.directory_service_pb2 import AnnounceEndpointRequest, DirectoryEntry
from warifu.api.directory.v1.directory_service_pb2_grpc import DirectoryServiceStub
from warifu.api.hub.v1.hub_service_pb2 import ExchangeRequest, ExchangeResponse
from warifu.api.hub.v1.hub_service_pb2_grpc import HubServiceStub
from warifu.api.record.v1.sealed_pb2 import ABSENCE_NOT_HELD, SealedAnswer, SealedQuery
from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer, SignedInquiry

CONTEXT = struct.Struct(">BB16s16s16s16s16sHQQII8s")
LIFE_MS, SKEW_MS = 600_000, 120_000


class RefusedError(Exception):
    """A reason of the catalogue, with the place at fault; of what another party said also whether it is definite."""

    def __init__(self, reason: str, where: str = "", *, definite: bool | None = None) -> None:
        super().__init__(reason, where)
        self.reason, self.where, self.definite = reason, where, definite


def refusal(error: grpc.aio.AioRpcError) -> RefusedError:
    """What a failed call says. Nothing that is not told is definite."""
    for name, value in error.trailing_metadata() or ():
        if name == "grpc-status-details-bin":
            info = error_details_pb2.ErrorInfo()
            (detail,) = status_pb2.Status.FromString(value).details
            if detail.Unpack(info) and info.domain == "warifu":
                told = info.metadata
                return RefusedError(info.reason, told.get("where", ""), definite=told.get("definite") == "true")
    return RefusedError("", definite=False)


def pair(code: Any) -> tuple[bytes, bytes]:
    return code.c1, code.c2


def minute(milliseconds: int) -> int:
    return milliseconds - milliseconds % 60_000


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class NodeByHand:
    """One agency's node. ``rows`` are codes' row keys with what is held of each person: local number and record."""

    party: Party
    hub: str
    authority: str
    errors: dict[str, Any]
    codes: dict[str, Element] = field(default_factory=dict)
    rows: dict[bytes, tuple[str, bytes]] = field(default_factory=dict)
    given: dict[tuple[str, bytes], tuple[bytes, SignedAnswer]] = field(default_factory=dict)
    record_type: str = ""
    server: Any = None

    @property
    def suite(self) -> Any:
        return self.party.suite

    @property
    def secret(self) -> int:
        return by_hand.read(self.party.secret("agency.key"))

    def to_hub(self) -> grpc.aio.Channel:
        return self.party.channel(self.hub, "hub", self.party.directory.header.hub_institution_code)

    def row_key(self, code: Element) -> bytes:
        return by_hand.keyed_blake(self.party.secret("row.key"), 16, b"warifu-v1/row", self.suite.write(code))

    def opened(self, converted: tuple[bytes, bytes]) -> Element:
        d1, d2 = (self.suite.read(each) for each in converted)
        return minus(d2, times(self.secret, d1))

    # Acquire a code.

    async def acquire(self, local_number: str, my_number: str) -> None:
        header, number = self.party.directory.header, secrets.token_bytes(16)
        request = AcquireCodeRequest(acquisition=Acquisition(acquisition_number=number, my_number=my_number))
        async with self.party.channel(self.authority, "authority", header.authority_institution_code) as channel:
            stub: Any = AuthorityServiceStub(channel)
            response = await stub.AcquireCode(request, timeout=20)
        assert response.issued_code.acquisition_number == number
        code = self._issued(response.receipt, response.issued_code.converted_code)
        self.codes[local_number] = code
        self.rows[self.row_key(code)] = local_number, b""

    def _issued(self, receipt: Any, converted: Any) -> Element:
        """The checks of a receipt, for a single code."""
        header, own = self.party.directory.header, self.party.own
        _, kind, _, inquirer, provider, *_, epoch_to, key_id = CONTEXT.unpack(receipt.context)
        assert (kind, inquirer.decode(), provider.decode()) == (
            2,
            header.authority_institution_code,
            own.institution_code,
        )
        assert (epoch_to, key_id) == (own.epoch, own.key_id)
        issued = {"context": receipt.context.hex(), "encrypted_codes": [told(each) for each in receipt.encrypted_codes]}
        verify(header.authority_signing_key, receipt.authority_signature, self.party.stated("issue", issued))
        made = {
            "context": receipt.context.hex(),
            "converted_codes": [told(converted)],
            "conversion_proofs": [each.hex() for each in receipt.conversion_proofs],
        }
        verify(header.hub_signing_key, receipt.hub_signature, self.party.stated("conversion", made))
        terms = Terms(self.suite.write(self.suite.base), own.factor_commitment, own.opening_key, own.agency_key)
        e, z_t, z_u, z_k = numbers_in(receipt.conversion_proofs[0])
        given = pair(receipt.encrypted_codes[0])
        leaf = leaf_of(self.suite, terms, (e, z_t, z_u), z_k, receipt.context, given, pair(converted))
        assert holds(self.suite, terms, (e, z_t, z_u), leaf)
        return self.opened(pair(converted))

    # Ask.

    def inquiry(
        self, local_number: str, provider: str, procedure: str, item: str, year: int = 0
    ) -> tuple[SignedInquiry, bytes]:
        """A signed inquiry, and the private key to its answer."""
        to, suite, request_id = self.party.entry(provider), self.suite, secrets.token_bytes(16)
        context = self._context(request_id, to, procedure, item)
        code, r = self.codes[local_number], int.from_bytes(secrets.token_bytes(64), "little") % L
        c1, c2 = times(r, suite.base), plus(code, times(r, suite.read(to.joint_key)))
        encrypted = inquiry_pb2.EncryptedCode(c1=suite.write(c1), c2=suite.write(c2))
        answer_key = X25519PrivateKey.generate()
        query = SealedQuery(answer_key=answer_key.public_key().public_bytes_raw(), fiscal_year=year)
        plain = by_hand.padded(query.SerializeToString(), 256)
        inquiry = SignedInquiry(
            context=context,
            encrypted_code=encrypted,
            sealed_query=by_hand.sealed(secrets.token_bytes(32), to.sealing_key, context, plain),
            code_proof=self._code_proof(r, encrypted, context),
            citizen_tag=secrets.token_bytes(16),
        )
        stated = self.party.stated("inquiry", told(inquiry))
        inquiry.inquirer_signature = by_hand.signature(self.party.secret("signing.key"), stated)
        return inquiry, answer_key.private_bytes_raw()

    def _context(self, request_id: bytes, to: DirectoryEntry, procedure: str, item: str) -> bytes:
        own, issued = self.party.own, minute(now_ms())
        names = (each.encode() for each in (own.institution_code, to.institution_code, item, procedure))
        times_and_keys = (issued, issued + LIFE_MS, own.epoch, to.epoch, to.key_id)
        return CONTEXT.pack(self.suite.number, 1, request_id, *names, 0, *times_and_keys)

    def _code_proof(self, r: int, encrypted: Any, context: bytes) -> bytes:
        n = int.from_bytes(secrets.token_bytes(64), "little") % L
        commitment = self.suite.write(times(n, self.suite.base))
        e = by_hand.to_scalar(
            self.suite.number, "warifu-v1/code-proof", context, encrypted.c1, encrypted.c2, commitment
        )
        return by_hand.written(e) + by_hand.written((n + e * r) % L)

    async def send(self, inquiry: SignedInquiry) -> ExchangeResponse:
        """What the hub says of it. Raises: RefusedError."""
        async with self.to_hub() as channel:
            stub: Any = HubServiceStub(channel)
            try:
                response: ExchangeResponse = await stub.Exchange(ExchangeRequest(inquiry=inquiry), timeout=20)
            except grpc.aio.AioRpcError as error:
                raise refusal(error) from error
            return response

    def answered(self, inquiry: SignedInquiry, answer_key: bytes, response: ExchangeResponse) -> SealedAnswer:
        """The checks of an answer, and what was in it."""
        answer = response.answer
        assert len(response.processing_number) == 20
        assert answer.outcome == inquiry_pb2.PROVISION_OUTCOME_ANSWERED
        asked = {
            "asked": self.party.stated("inquiry-digest", told(inquiry)).hex(),
            "processing_number": response.processing_number,
        }
        provider = self.party.entry(CONTEXT.unpack(inquiry.context)[4].decode())
        verify(provider.signing_key, answer.provider_signature, self.party.stated("answer", told(answer) | asked))
        info = by_hand.prefixed(b"warifu-v1/answer", inquiry.context)
        return SealedAnswer.FromString(_unpadded(by_hand.opened(answer_key, info, answer.sealed_answer), 512))

    # Answer.

    async def serve(self) -> None:
        """Serve AgencyService.Provide to the hub, and say where."""
        root, key, certificate = ((self.party.path / name).read_bytes() for name in ("root.pem", "tls.key", "tls.pem"))
        credentials = grpc.ssl_server_credentials([(key, certificate)], root, require_client_auth=True)
        self.server = grpc.aio.server(options=[("grpc.max_receive_message_length", LONGEST)])
        handler = grpc.unary_unary_rpc_method_handler(
            self._provide, ProvideRequest.FromString, ProvideResponse.SerializeToString
        )
        service = "warifu.api.agency.v1.AgencyService"
        self.server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"Provide": handler}),))
        port = self.server.add_secure_port("127.0.0.1:0", credentials)
        await self.server.start()
        async with self.to_hub() as channel:
            stub: Any = DirectoryServiceStub(channel)
            await stub.AnnounceEndpoint(AnnounceEndpointRequest(endpoint=f"127.0.0.1:{port}"), timeout=10)

    async def _provide(self, request: ProvideRequest, context: Any) -> ProvideResponse:
        names = context.auth_context().get("x509_subject_alternative_name", ())
        header = self.party.directory.header
        hub = f"warifu://{header.network}/hub/{header.hub_institution_code}"
        try:
            if hub.encode() not in names:
                raise RefusedError("CALLER_NOT_ALLOWED")
            return ProvideResponse(answer=self.provided(request.permit))
        except RefusedError as error:
            await self._refuse(context, error)
            raise

    async def _refuse(self, context: Any, error: RefusedError) -> None:
        """End the call as the catalogue says, from docs/errors.json alone."""
        line = self.errors[error.reason]
        info = error_details_pb2.ErrorInfo(reason=error.reason, domain="warifu", metadata={"where": error.where})
        info.metadata["definite"] = "true" if line["definite"] else "false"
        status = status_pb2.Status(code=line["grpc_code"], message=line["public_text"])
        status.details.add().Pack(info)
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        await context.abort(grpc.StatusCode[line["grpc_status"]], line["public_text"])

    def provided(self, permit: ProvisionPermit) -> SignedAnswer:
        """The signed answer to a permit. Raises: RefusedError."""
        known, asked = self._known(permit), self._asked(permit)
        self._decide_again(permit)
        kept = self.given.get(known)
        if kept is not None:
            if kept[0] != asked + permit.processing_number.encode():
                raise RefusedError("PERMIT_REUSED", "permit")
            return kept[1]
        self._check_fresh(permit)
        query, code = self._query(permit), self._code(permit)
        found = self.rows.get(self.row_key(code), ("", b"")) if code is not None else ("", b"")
        answer = self._answer(permit, asked, query, found[1])
        self.given[known] = asked + permit.processing_number.encode(), answer
        return answer

    def _known(self, permit: ProvisionPermit) -> tuple[str, bytes]:
        """Steps 4.1 to 4.4; what names the exchange."""
        if len(permit.inquiry.context) != CONTEXT.size:
            raise RefusedError("REQUEST_MALFORMED", "permit.inquiry.context")
        suite, kind, request_id, inquirer, provider, *_, epoch_from, epoch_to, key_id = CONTEXT.unpack(
            permit.inquiry.context
        )
        own, header = self.party.own, self.party.directory.header
        if kind != 1:
            raise RefusedError("REQUEST_MALFORMED", "permit.inquiry.context.kind")
        if suite != header.suite:
            raise RefusedError("SUITE_UNKNOWN", "permit.inquiry.context.suite")
        if provider.decode() != own.institution_code:
            raise RefusedError("INSTITUTION_UNKNOWN", "permit.inquiry.context.provider")
        asking = self.party.entry(inquirer.decode())
        self._verify(header.hub_signing_key, permit.hub_signature, "permit", permit, "permit.hub_signature")
        signature = permit.inquiry.inquirer_signature
        self._verify(asking.signing_key, signature, "inquiry", permit.inquiry, "permit.inquiry.inquirer_signature")
        if (epoch_from, epoch_to, key_id) != (asking.epoch, own.epoch, own.key_id):
            raise RefusedError("EPOCH_STALE", "permit.inquiry.context.epoch_to")
        return inquirer.decode(), request_id

    def _decide_again(self, permit: ProvisionPermit) -> None:
        """Step 4.6."""
        _, _, _, *names, flags = CONTEXT.unpack(permit.inquiry.context)[:8]
        inquirer, provider, item, procedure = (each.decode() for each in names)
        kinds = [self.party.entry(each).institution_kind for each in (inquirer, provider)]
        sides = (kinds[0], inquirer, kinds[1], provider)
        row = decided(self.party.permissions, Asked(*sides, procedure, item, bool(flags & 1), bool(flags & 2)))
        if row in self.errors:
            raise RefusedError(row)
        if row != permit.permission_row:
            raise RefusedError("EXCHANGE_NOT_PERMITTED", "permit.permission_row")

    def _verify(self, key: bytes, signature: bytes, label: str, message: Any, where: str) -> None:
        fields = told(message)
        if label == "permit":
            fields = {name: value for name, value in fields.items() if not name.startswith("inquiry")}
            fields["asked"] = self._asked(message).hex()
        try:
            verify(key, signature, self.party.stated(label, fields))
        except Exception:  # noqa: BLE001  # whatever the fault, it is one reason
            raise RefusedError("SIGNATURE_INVALID", where) from None

    def _asked(self, permit: ProvisionPermit) -> bytes:
        return self.party.stated("inquiry-digest", told(permit.inquiry))

    def _check_fresh(self, permit: ProvisionPermit) -> None:
        """Step 4.7 of what is new here."""
        issued, expires = CONTEXT.unpack(permit.inquiry.context)[8:10]
        now, signed = now_ms(), permit.permit_time.ToMilliseconds()
        lives = issued <= now + SKEW_MS and expires >= now - SKEW_MS and 0 < expires - issued <= LIFE_MS
        if not lives or not issued - SKEW_MS <= signed <= min(expires, now) + SKEW_MS:
            raise RefusedError("CLOCK_SKEWED", "permit.permit_time")

    def _query(self, permit: ProvisionPermit) -> SealedQuery:
        box, private = permit.inquiry.sealed_query, self.party.secret("sealing.key")
        try:
            plain = _unpadded(_query_in(private, permit.inquiry.context, box), 256)
            return SealedQuery.FromString(plain)
        except Exception:  # noqa: BLE001  # whatever the fault, it is one reason
            raise RefusedError("REQUEST_MALFORMED", "permit.inquiry.sealed_query") from None

    def _code(self, permit: ProvisionPermit) -> Element | None:
        """Step 4.8: who is meant, once it is proven; None for nobody."""
        inquirer = self.party.entry(CONTEXT.unpack(permit.inquiry.context)[3].decode())
        own, proof = self.party.own, permit.conversion_proof
        terms = Terms(inquirer.factor_commitment, own.factor_commitment, own.opening_key, own.agency_key)
        given, made = pair(permit.inquiry.encrypted_code), pair(permit.converted_code)
        try:
            e, z_t, z_u, z_k = numbers_in(proof[:128])
            leaf = leaf_of(self.suite, terms, (e, z_t, z_u), z_k, permit.inquiry.context, given, made)
            proven = holds(self.suite, terms, (e, z_t, z_u), followed(leaf, proof[128:]))
        except ValueError:
            proven = False
        if not proven:
            raise RefusedError("CONVERSION_NOT_PROVEN", "permit.conversion_proof")
        code = self.opened(made)
        return None if self.suite.write(code) == self.suite.write((0, 1, 1, 0)) else code

    def _answer(self, permit: ProvisionPermit, asked: bytes, query: SealedQuery, record: bytes) -> SignedAnswer:
        sealed = SealedAnswer()
        if record:
            sealed.record.record_type, sealed.record.record = self.record_type, record
        else:
            sealed.absence = ABSENCE_NOT_HELD
        info = by_hand.prefixed(b"warifu-v1/answer", permit.inquiry.context)
        plain = by_hand.padded(sealed.SerializeToString(), 512)
        answer = SignedAnswer(
            outcome=inquiry_pb2.PROVISION_OUTCOME_ANSWERED,
            sealed_answer=by_hand.sealed(secrets.token_bytes(32), query.answer_key, info, plain),
            citizen_tag=secrets.token_bytes(16),
        )
        answer.provision_time.FromMilliseconds(minute(now_ms()))
        fields = told(answer) | {"asked": asked.hex(), "processing_number": permit.processing_number}
        stated = self.party.stated("answer", fields)
        answer.provider_signature = by_hand.signature(self.party.secret("signing.key"), stated)
        return answer


def _unpadded(padded: bytes, least: int) -> bytes:
    """The one plaintext whose padded form this is. Raises: ValueError."""
    plain = padded[4 : 4 + int.from_bytes(padded[:4], "big")]
    if by_hand.padded(plain, least) != padded:
        raise ValueError("padding of another form")
    return plain


def catalogue(content: str) -> dict[str, Any]:
    """docs/errors.json by reason."""
    return {line["reason"]: line for line in json.loads(content)["reasons"]}


def _query_in(private: bytes, context: bytes, box: bytes) -> bytes:
    if not by_hand.is_together(box):
        return by_hand.opened(private, context, box)
    info = by_hand.prefixed(b"warifu-v1/queries-together", by_hand.between(context))
    return by_hand.opened_together(private, info, context, box)
