"""Certificates: an authority of our own, and a certificate for every name, so that clients know that this is AWS.

A wildcard covers one label only (RFC 6125, 6.4.3) and nobody knows beforehand which names clients will use, so
certificates are signed when a handshake asks for them by name (SNI, RFC 6066).
A code such as Q-16 is a row of docs/aws-rows.csv.
"""

import ssl
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import certifi
import trustme

_MAX_NAMES = 1024  # a client can ask for any number of names; this many certificates are kept
_LOCAL = ("localhost", "127.0.0.1", "::1")


class Authority:
    """A certificate authority, made anew for each emulator; `is_aws_name` tells a host of AWS's from any other.

    In `folder` it leaves two files for clients: `ca_file` with its own certificate, and `bundle_file` with that and
    those of the public authorities, for programs that take one file in place of all others. Keys never leave it.
    """

    def __init__(self, folder: Path, *, is_aws_name: Callable[[str], bool]) -> None:
        self._is_aws_name = is_aws_name
        self._authority = trustme.CA(organization_name="fanout-harness", organization_unit_name="local AWS")
        self.pem = self._authority.cert_pem.bytes()
        self.ca_file = folder / "ca.pem"
        self.bundle_file = folder / "ca-bundle.pem"
        self.ca_file.write_bytes(self.pem)
        self.bundle_file.write_bytes(Path(certifi.where()).read_bytes() + b"\n" + self.pem)
        self._context_of = lru_cache(maxsize=_MAX_NAMES)(self._context)

    def server_context(self, *addresses: str) -> ssl.SSLContext:
        """For a server at these addresses and at localhost: TLS 1.2 or newer (Q-16), any name that is asked for."""
        context = self._context(*dict.fromkeys((*_LOCAL, *addresses)))
        context.sni_callback = self._choose
        return context

    def _choose(self, handshake: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        if name is None:
            return
        try:
            handshake.context = self._context_of(covering(name, self._is_aws_name))
        except ValueError:
            return  # not a name that a certificate can hold: the client gets the one for localhost, and refuses it

    def _context(self, *names: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        self._authority.issue_cert(*names).configure_cert(context)
        return context


def covering(name: str, is_aws_name: Callable[[str], bool]) -> str:
    """The name to put into a certificate for `name`: itself, or the wildcard that AWS's own certificates have."""
    name = name.lower().removesuffix(".")
    _, _, parent = name.partition(".")
    return f"*.{parent}" if is_aws_name(parent) and parent.count(".") > 1 else name
