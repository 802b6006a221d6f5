"""A certificate for all of Google's hosts, from an authority that is made for one run and trusted in it alone."""

from __future__ import annotations

import ssl
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DOMAIN = "googleapis.com"

KINDS = ("good", "self-signed", "a stranger's", "a stranger's chain", "another's", "expired")
"""Certificates; only the first is as it should be."""


class Authority:
    """Certifies that this process is Google, to clients that trust `certificate`."""

    def __init__(self, called: str = "Authority of one test run") -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(called)
        root = _builder(name, name, key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        # OpenSSL's strict mode, which newer Pythons use, insists on what an authority's key is for.
        usage = dict.fromkeys(
            (
                "digital_signature",
                "content_commitment",
                "key_encipherment",
                "data_encipherment",
                "key_agreement",
                "encipher_only",
                "decipher_only",
            ),
            False,
        )
        root = root.add_extension(x509.KeyUsage(**usage, key_cert_sign=True, crl_sign=True), critical=True)
        root = root.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        self.certificate = root.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
        self._key, self._issuer = key, name

    def context(self, kind: str = "good") -> ssl.SSLContext:
        """Return how to speak TLS as any host of Google's, with a certificate of one of `KINDS`."""
        if kind in {"a stranger's", "a stranger's chain"}:
            stranger = Authority("Watchful Proxies Inc.")
            return stranger._context(chain=stranger.certificate if kind == "a stranger's chain" else "")
        if kind == "another's":
            return self._context(host="www.example.com")
        return self._context(
            age=timedelta(days=30) if kind == "expired" else timedelta(), alone=kind == "self-signed"
        )

    def _context(
        self, *, host: str = f"*.{DOMAIN}", age: timedelta = timedelta(), alone: bool = False, chain: str = ""
    ) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        issuer, signing = (_name(host), key) if alone else (self._issuer, self._key)
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key())
        leaf = (
            _builder(_name(host), issuer, key.public_key(), age)
            .add_extension(names, critical=False)
            .add_extension(signer, critical=False)
            .sign(signing, hashes.SHA256())
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "leaf.pem")
            file.touch(mode=0o600)
            form = serialization.PrivateFormat.PKCS8
            file.write_bytes(
                key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
                + leaf.public_bytes(serialization.Encoding.PEM)
                + chain.encode()
            )
            context.load_cert_chain(file)
        return context


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, age: timedelta = timedelta()
) -> x509.CertificateBuilder:
    now = datetime.now(timezone.utc) - age
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )
