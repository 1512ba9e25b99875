"""directory-suite1.json and -suite2.json: two versions of a directory, their entries, digests and signatures.

The second version replaces the hub's key and the log's, dates tax's entry of before and announces its next one. It is
the version under which the exchange of the same suite is made.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from vectors.contexts import ISSUED_MS
from vectors.drawn import Drawn
from vectors.exchange import statement
from vectors.world import AUTHORITY, HUB, World
from warifu.api.directory.v1.directory_service_pb2 import (
    DatedEntry,
    DatedKey,
    DirectoryEntry,
    DirectoryFile,
    DirectoryHeader,
)
from warifu.curve.group import ORDER
from warifu.exchange import directory_entry, directory_header
from warifu.exchange.directory import Directory
from warifu.exchange.directory_entry import countersign_entry
from warifu.exchange.directory_header import check_follows, entries_digest, header_digest
from warifu.exchange.proof_policy import ProofPolicy
from warifu.exchange.signature import SigningKey
from warifu.tlog.checkpoint import log_origin
from warifu.tlog.note import Verifier

__all__ = ["directory"]

_NETWORK = "vectors"
_DAY_MS = 86_400_000


def directory(world: World) -> dict[str, Any]:
    """The whole file."""
    drawn = Drawn(f"directory of suite {world.group.suite}")
    root_scalar = int.from_bytes(drawn(32), "big") % ORDER
    root = ec.derive_private_key(root_scalar, ec.SECP256R1())
    root_pem = _certificate(root)
    log_seeds, former = (drawn(32), drawn(32)), SigningKey(drawn(32))
    first = _first(world, former, drawn(32), _verifier_key(log_seeds[0]))
    _sign(root, first)
    second = _second(world, first, _verifier_key(log_seeds[1]))
    _sign(root, second)
    for file in (first, second):
        Directory.from_message(file, root_pem)
    check_follows(first.header, second.header)
    return {
        "about": "SIMULATED. Messages are serialized protobuf; fields are named as in docs/protocol/signed.md.",
        "suite": world.group.suite,
        "root": {"certificate": root_pem.decode(), "private": root_scalar.to_bytes(32, "big").hex()},
        "log_seeds": [seed.hex() for seed in log_seeds],
        "versions": [
            {
                "file": file.SerializeToString(deterministic=True).hex(),
                "entries_digest": file.header.entries_digest.hex(),
                "header_digest": header_digest(file.header).hex(),
                "root_signature": file.header.root_signature.hex(),
            }
            for file in (first, second)
        ],
        "statements": [
            *_entry_statements(world.agencies["tax"].entry, world.seeds["tax"], world.seeds["hub"]),
            *(each for file in (first, second) for each in _version_statements(file)),
        ],
    }


def _verifier_key(seed: bytes) -> str:
    return Verifier(log_origin(_NETWORK), SigningKey(seed).verify_key).vkey


def _certificate(key: ec.EllipticCurvePrivateKey) -> bytes:
    name = x509.Name.from_rfc4514_string(f"CN=root,OU={_NETWORK},O=SIMULATED - warifu")
    start = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + timedelta(days=3650))
    made = builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    return made.public_bytes(serialization.Encoding.PEM)


def _first(world: World, hub: SigningKey, table_digest: bytes, log_key: str) -> DirectoryFile:
    """Version 1, of a hub with another key than the one that signs the exchange."""
    header = DirectoryHeader(
        network=_NETWORK,
        suite=world.group.suite,
        version=1,
        made_ms=ISSUED_MS - 10 * _DAY_MS,
        hub_institution_code=HUB,
        hub_signing_key=hub.verify_key,
        authority_institution_code=AUTHORITY,
        authority_signing_key=world.key("authority").verify_key,
        log_verifier_key=log_key,
        permission_table_digest=table_digest,
        proof_policy=ProofPolicy.parse("always" if world.group.suite == 1 else "sampled:16").to_message(),
    )
    before = world.agency("tax", epoch=3, code_epoch=3, opening_epoch=1).entry
    file = DirectoryFile(header=header, entries=[world.agencies["childcare"].entry, before])
    for entry in file.entries:
        countersign_entry(hub, entry)
    return file


def _second(world: World, first: DirectoryFile, log_key: str) -> DirectoryFile:
    """Version 2: with the hub's new key, under which every entry is signed anew."""
    header = DirectoryHeader()
    header.CopyFrom(first.header)
    header.version, header.previous_digest = 2, header_digest(first.header)
    header.made_ms, replaced_ms = ISSUED_MS - _DAY_MS, ISSUED_MS - _DAY_MS + 600_000
    header.former_hub_signing_keys.append(DatedKey(public_key=header.hub_signing_key, accepted_until_ms=replaced_ms))
    header.hub_signing_key = world.key("hub").verify_key
    header.former_log_verifier_keys.append(header.log_verifier_key)
    header.log_verifier_key = log_key
    entries = [world.agencies["childcare"].entry, world.agencies["tax"].entry]
    dated = [
        DatedEntry(entry=first.entries[1], accepted_until_ms=replaced_ms),
        DatedEntry(entry=world.tax_next.entry),
    ]
    file = DirectoryFile(header=header, entries=entries, dated_entries=dated)
    for entry in (*file.entries, *(each.entry for each in file.dated_entries)):
        countersign_entry(world.key("hub"), entry)
    return file


def _sign(root: ec.EllipticCurvePrivateKey, file: DirectoryFile) -> None:
    file.header.entries_digest = entries_digest(file.entries, file.dated_entries)
    algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    file.header.root_signature = root.sign(header_digest(file.header), algorithm)


def _entry_statements(entry: DirectoryEntry, seed: bytes, hub_seed: bytes) -> list[dict[str, Any]]:
    signed = ("key_id", "agency_signature", "hub_signature")
    fields = {each.name: getattr(entry, each.name) for each in entry.DESCRIPTOR.fields if each.name not in signed}
    items = directory_entry._stated(entry)  # noqa: SLF001
    own = statement(
        "warifu-v1/directory-entry", fields, items, seed=seed, signature=entry.agency_signature, key_id=entry.key_id
    )
    whole = fields | {"agency_signature": entry.agency_signature}
    countersigned = statement(
        "warifu-v1/directory-entry-hub",
        whole,
        (*items, entry.agency_signature),
        seed=hub_seed,
        signature=entry.hub_signature,
    )
    return [own, countersigned]


def _version_statements(file: DirectoryFile) -> list[dict[str, Any]]:
    header = file.header
    fields = {
        each.name: getattr(header, each.name) for each in header.DESCRIPTOR.fields if each.name != "root_signature"
    }
    for name in ("former_hub_signing_keys", "former_authority_signing_keys"):
        fields[name] = [_dated(each) for each in fields[name]]
    fields["former_log_verifier_keys"] = list(header.former_log_verifier_keys)
    policy = fields.pop("proof_policy")
    fields |= {"proof_policy.kind": int(policy.kind), "proof_policy.one_in": policy.one_in}
    entries = {
        "entries": [_signatures(entry) for entry in file.entries],
        "dated_entries": [
            _signatures(each.entry) | {"accepted_until_ms": each.accepted_until_ms} for each in file.dated_entries
        ],
    }
    stated = statement("warifu-v1/directory-header", fields, directory_header._stated(header))  # noqa: SLF001
    made = statement("warifu-v1/directory-entries", entries, ())
    return [stated, made | {"statement": header.entries_digest.hex()}, *_former(header)]


def _former(header: DirectoryHeader) -> list[dict[str, Any]]:
    """The digests of keys that were replaced, where there are any."""
    if not header.former_hub_signing_keys:
        return []
    fields = {"former_hub_signing_keys": [_dated(each) for each in header.former_hub_signing_keys]}
    made = statement("warifu-v1/directory-former-keys", fields, ())
    return [made | {"statement": directory_header._keys(header.former_hub_signing_keys).hex()}]  # noqa: SLF001


def _dated(key: DatedKey) -> dict[str, Any]:
    return {"public_key": key.public_key, "accepted_until_ms": key.accepted_until_ms}


def _signatures(entry: DirectoryEntry) -> dict[str, Any]:
    names = ("key_id", "agency_signature", "hub_signature")
    return {name: getattr(entry, name) for name in names}
