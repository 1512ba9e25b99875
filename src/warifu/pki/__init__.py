"""Who is who on the network: certificates, the root that signs them, and the list of those taken back.

One certificate stands for one institution in one role on one network, and says so in exactly one URI. Everything here
is SIMULATED and says that too: the organisation in every certificate is ``SIMULATED - warifu``.

- ``identity``: the name in a certificate, and reading it back
- ``credential``: a certificate with its private key, in memory or in files that may be replaced while in use
- ``root``: the certificate authority of one network
- ``revocation``: the signed list of certificates no longer to be believed
- ``validity``: until when a certificate is good, and what *soon* means
- ``files``: writing such files so that nobody ever reads half of one

It decides nothing about who may call what (``warifu.rpc.access``) and never sees a message.
"""

from __future__ import annotations

from warifu.pki.credential import Credential, CredentialFiles, CredentialSource
from warifu.pki.files import (
    FileWatch,
    keep_private,
    make_private_folder,
    sync_folder,
    write_private_file,
    write_public_file,
)
from warifu.pki.identity import Identity, PeerCertificate, Role, identity_of
from warifu.pki.revocation import RevocationFile, RevocationRegister, read_revocation_list
from warifu.pki.root import Root, verify_root_statement

__all__ = [
    "Credential",
    "CredentialFiles",
    "CredentialSource",
    "FileWatch",
    "Identity",
    "PeerCertificate",
    "RevocationFile",
    "RevocationRegister",
    "Role",
    "Root",
    "identity_of",
    "keep_private",
    "make_private_folder",
    "read_revocation_list",
    "sync_folder",
    "verify_root_statement",
    "write_private_file",
    "write_public_file",
]
