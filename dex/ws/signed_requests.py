"""Signed requests to `@connections`, as bytes.

Pure: the time is passed in. Written out by hand for speed, since the SDK spends about a millisecond on each;
everything that the requests for many connections share is computed once.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from urllib.parse import quote, urlsplit

from botocore.credentials import ReadOnlyCredentials

VALID_FOR = 300.0
"""Seconds for which AWS takes a signature."""

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A management endpoint; `host` is what a Host header says, `path` has no trailing slash."""

    secure: bool
    hostname: str
    port: int
    host: str
    path: str


def parse_endpoint(url: str) -> Endpoint:
    """The endpoint at a URL that ends in the stage (U-2); ValueError when it is no such URL."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{url!r} is no management endpoint; write https://host/stage")
    port = parts.port or _PORTS[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if port != _PORTS[parts.scheme]:
        host = f"{host}:{port}"
    return Endpoint(parts.scheme == "https", parts.hostname, port, host, parts.path.rstrip("/"))


class SignedRequests:
    """Requests that differ in the connection only, signed with Signature Version 4 for `execute-api` (M-13).

    `at` is the time in UTC; the requests are good for `VALID_FOR` seconds from then. `trace_id` is sent along,
    unsigned, as the SDK does from within Lambda.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        region: str,
        credentials: ReadOnlyCredentials,
        data: bytes = b"",
        *,
        method: str = "POST",
        at: datetime,
        trace_id: str = "",
    ) -> None:
        date = f"{at:%Y%m%dT%H%M%SZ}"
        scope = f"{date[:8]}/{region}/execute-api/aws4_request"
        headers = {"host": endpoint.host, "x-amz-date": date}
        if credentials.token:
            headers["x-amz-security-token"] = credentials.token
        names = ";".join(headers)
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        self._method = method
        self._path = f"{endpoint.path}/@connections/"
        self._canonical_path = quote(self._path, safe="/~")
        self._canonical_rest = f"\n\n{lines}\n{names}\n{sha256(data).hexdigest()}"
        self._to_sign = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n"
        self._key = _signing_key(credentials.secret_key or "", scope)
        if trace_id:
            headers["x-amzn-trace-id"] = quote(trace_id, safe="-=;:+&[]{}\"',")
        self._head = "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + (
            f"content-length: {len(data)}\r\n"
            f"authorization: AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, "
            f"SignedHeaders={names}, Signature="
        )
        self._data = data

    def request(self, connection_id: str) -> bytes:
        """The whole request for one connection, its id percent-encoded (I-4)."""
        encoded = quote(connection_id, safe="")
        head = (
            f"{self._method} {self._path}{encoded} HTTP/1.1\r\n{self._head}{self.signature(encoded)}\r\n\r\n"
        )
        return head.encode("ascii") + self._data

    def signature(self, encoded_id: str) -> str:
        """The signature for a connection whose id is given percent-encoded; it is encoded once more to sign."""
        # Encoded already, so that only the percent signs are left to encode.
        path = self._canonical_path + encoded_id.replace("%", "%25")
        canonical = f"{self._method}\n{path}{self._canonical_rest}"
        to_sign = self._to_sign + sha256(canonical.encode()).hexdigest()
        return hmac.digest(self._key, to_sign.encode(), "sha256").hex()


def _signing_key(secret_key: str, scope: str) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
