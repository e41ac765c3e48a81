"""The two parties of the Python peer, with the keys that `keys.py` made, and whom each of them trusts."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from as4 import AS4ExternalParty, AS4InternalParty, AS4LocalPrivateKey, SecurityPolicy, certificate_chain
from as4.peppol import create_peppol_external_party, create_peppol_internal_party
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key


@dataclass(frozen=True)
class Parties:
    """One party as it sees itself, the other as it sees it, and the policy: signed, encrypted, issued by the anchor."""

    ours: AS4InternalParty
    theirs: AS4ExternalParty
    policy: SecurityPolicy

    @classmethod
    def load(cls, keys: Path, ours: str, theirs: str) -> Self:
        """From the PEM files of `keys`."""
        key = load_pem_private_key((keys / f"{ours}.key.pem").read_bytes(), None)
        if not isinstance(key, RSAPrivateKey):
            raise TypeError("as4 knows RSA only")
        return cls(
            create_peppol_internal_party(ours, _certificate(keys, ours), AS4LocalPrivateKey(key)),
            create_peppol_external_party(theirs, _certificate(keys, theirs)),
            SecurityPolicy(signer_resolver=certificate_chain(_certificate(keys, "anchor"))),
        )


def _certificate(keys: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((keys / f"{name}.pem").read_bytes())
