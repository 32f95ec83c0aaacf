"""Signing of messages to HTTP endpoints: the key, made when it is first needed, and its certificate."""

import base64
from datetime import UTC, datetime, timedelta
from functools import cached_property
from threading import Lock

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

_HASHES = {"1": hashes.SHA1, "2": hashes.SHA256}
_VALID = timedelta(days=365)


class Signer:
    """Signs with RSA, PKCS #1 v1.5, as SNS does; safe to use from any thread."""

    def __init__(self) -> None:
        self._made: rsa.RSAPrivateKey | None = None
        self._making = Lock()

    @property
    def _key(self) -> rsa.RSAPrivateKey:
        with self._making:
            self._made = self._made or rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return self._made

    @cached_property
    def certificate(self) -> bytes:
        """The certificate in PEM that proves signatures; signed by its own key."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(
            issuer_name=name,
            subject_name=name,
            public_key=self._key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=now - timedelta(days=1),
            not_valid_after=now + _VALID,
        )
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def sign(self, text: str, version: str) -> str:
        """The signature in base64; `version` is the topic's SignatureVersion, 1 for SHA1 and 2 for SHA256."""
        return base64.b64encode(
            self._key.sign(text.encode(), padding.PKCS1v15(), _HASHES[version]())
        ).decode()
