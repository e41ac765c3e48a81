"""The keys of the peers' two parties, RSA as AS4 eDelivery asks, each with a certificate of one anchor.

The files of a party: `NAME.key.pem`, `NAME.pem`, and `NAME.p12` with both; of the anchor `anchor.pem` and a trust
store `anchor.p12`.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

# What Peppol's and most eDelivery access points have today; 3072 bits would cost the peers more.
RSA_BITS: Final = 2048
PARTIES: Final = ("sender", "receiver")
PASSWORD: Final = "benchmark"  # noqa: S105 (of keys that live as long as a run)


def make(folder: Path) -> Path:
    """The folder, with new keys in it."""
    folder.mkdir(parents=True)
    anchor = _key()
    root = _certificate("anchor", anchor, None, anchor)
    (folder / "anchor.pem").write_bytes(root.public_bytes(Encoding.PEM))
    trusted = pkcs12.serialize_java_truststore([pkcs12.PKCS12Certificate(root, b"anchor")], _encryption())
    (folder / "anchor.p12").write_bytes(trusted)
    for name in PARTIES:
        _write_party(folder, name, root, anchor)
    return folder


def _write_party(folder: Path, name: str, root: x509.Certificate, anchor: rsa.RSAPrivateKey) -> None:
    key = _key()
    certificate = _certificate(name, key, root, anchor)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / f"{name}.key.pem").write_bytes(pem)
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    both = pkcs12.serialize_key_and_certificates(name.encode(), key, certificate, [root], _encryption())
    (folder / f"{name}.p12").write_bytes(both)


def _encryption() -> BestAvailableEncryption:
    return BestAvailableEncryption(PASSWORD.encode())


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)


def _certificate(
    name: str, key: rsa.RSAPrivateKey, issuer: x509.Certificate | None, signer: rsa.RSAPrivateKey
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=7))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .sign(signer, hashes.SHA256())
    )
