"""OpenSSL, which nobody here wrote, judges the certificates, the lists and the answers of the authority."""

from __future__ import annotations

import asyncio
import datetime
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.integration.jpki.conftest import Office, Person

from warifu.api.jpki.v1 import card_service_pb2 as cards
from warifu.api.jpki.v1 import certificate_service_pb2 as pb
from warifu.jpki.profile import CertificateUse

SIGNING, AUTHENTICATION = CertificateUse
OpenSsl = Callable[..., subprocess.CompletedProcess[str]]


class Judge:
    """Asks OpenSSL about one person's certificate."""

    def __init__(self, office: Office, openssl: OpenSsl, folder: Path) -> None:
        self.office = office
        self._openssl = openssl
        self._folder = folder

    def leaf(self, person: Person, use: CertificateUse) -> Path:
        path = self._folder / f"{use.value}-{person.application}.pem"
        path.write_bytes(x509.load_der_x509_certificate(person.certificates[use]).public_bytes(Encoding.PEM))
        return path

    async def verify(self, person: Person, use: CertificateUse, store: CertificateUse | None = None) -> str:
        """``openssl verify -crl_check`` at the authority's time, with the list that the authority gives."""
        response = await self.office.certificates("verifier").GetRevocationList(
            pb.GetRevocationListRequest(use=1 if use is SIGNING else 2)  # type: ignore[arg-type]
        )
        listed = self._folder / "list.crl"
        listed.write_bytes(x509.load_der_x509_crl(response.revocation_list).public_bytes(Encoding.PEM))
        at = int(self.office.clock.now().timestamp())
        root = self.office.root(store or use)
        words = ("verify", "-x509_strict", "-crl_check", "-attime", str(at), "-CAfile", root, "-CRLfile", listed)
        done = await asyncio.to_thread(self._openssl, *words, self.leaf(person, use))
        return done.stdout + done.stderr

    async def ocsp(self, leaf: Path, use: CertificateUse, *more: str) -> str:
        root = self.office.root(use)
        url = f"http://{self.office.http}/ocsp"
        words = ("ocsp", "-issuer", root, "-CAfile", root, "-cert", leaf, "-url", url, *more)
        done = await asyncio.to_thread(self._openssl, *words)
        return done.stdout + done.stderr


@pytest.fixture
def judge(office: Office, openssl: OpenSsl, tmp_path: Path) -> Judge:
    return Judge(office, openssl, tmp_path)


async def test_both_certificates_of_a_card_are_good_in_their_own_store(judge: Judge) -> None:
    person = await judge.office.holder()
    for use in CertificateUse:
        assert ": OK" in await judge.verify(person, use)


async def test_a_certificate_is_none_in_the_other_store(judge: Judge) -> None:
    person = await judge.office.holder()
    for use, other in ((SIGNING, AUTHENTICATION), (AUTHENTICATION, SIGNING)):
        told = await judge.verify(person, use, store=other)
        assert ": OK" not in told
        assert "unable to get local issuer certificate" in told


async def test_a_certificate_that_lapsed_is_revoked_on_the_list(judge: Judge) -> None:
    person = await judge.office.holder()
    request = pb.ReportEventRequest(application_id=person.application, event=pb.CERTIFICATE_EVENT_KEY_LEAKED)
    await judge.office.certificates().ReportEvent(request)
    for use in CertificateUse:
        assert "certificate revoked" in await judge.verify(person, use)


async def test_a_certificate_past_its_end_is_expired(judge: Judge) -> None:
    person = await judge.office.holder()
    judge.office.clock.advance(datetime.timedelta(days=6 * 366))
    for use in CertificateUse:
        assert "certificate has expired" in await judge.verify(person, use)


async def test_a_list_past_its_day_is_refused(judge: Judge, openssl: OpenSsl, tmp_path: Path) -> None:
    person = await judge.office.holder()
    assert ": OK" in await judge.verify(person, SIGNING)
    later = int((judge.office.clock.now() + datetime.timedelta(days=2)).timestamp())
    words = ("verify", "-crl_check", "-attime", str(later), "-CAfile", judge.office.root(SIGNING))
    done = openssl(*words, "-CRLfile", tmp_path / "list.crl", judge.leaf(person, SIGNING))
    assert "CRL has expired" in done.stderr + done.stdout


async def test_ocsp_says_good_revoked_and_unknown(judge: Judge, office: Office) -> None:
    good, lost = await office.holder(), await office.holder()
    await office.step(lost, cards.CARD_STEP_SUSPEND)
    for use in CertificateUse:
        told = await judge.ocsp(judge.leaf(good, use), use)
        assert "Response verify OK" in told
        assert ": good" in told
        told = await judge.ocsp(judge.leaf(lost, use), use)
        assert ": revoked" in told
        assert "Reason: certificateHold" in told
    root = judge.office.root(SIGNING)
    assert ": unknown" in await judge.ocsp(root, SIGNING)  # it signed itself, and issued nothing of that number


async def test_an_answer_by_ocsp_from_an_hour_ago_is_stale(judge: Judge, office: Office) -> None:
    person = await office.holder()
    office.clock.advance(datetime.timedelta(hours=-1))  # so that OpenSSL, which has the machine's clock, is later
    told = await judge.ocsp(judge.leaf(person, SIGNING), SIGNING)
    assert "Response verify OK" in told
    assert "Status times invalid" in told
