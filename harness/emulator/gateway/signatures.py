"""Signatures, AWS Signature Version 4: who signed a request, by header or in a presigned query, and is it right.

The rules of https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html for the
service `execute-api` (M-13, A-11).
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeAlias
from urllib.parse import quote, unquote

from harness.emulator.port.http import Headers, Request

SERVICE = "execute-api"
MOST_SKEW = 300.0
"""Seconds that a signer's clock may be off."""

_ALGORITHM = "AWS4-HMAC-SHA256"
_FIELD = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]*)")
_TIMESTAMP = "%Y%m%dT%H%M%SZ"

SecretOf: TypeAlias = Callable[[str], str | None]
"""The secret access key that belongs to an access key id; None for a key that nobody was given."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a signed request says of its signature.

    `signed_at` is a timestamp such as `20240219T071142Z`; `lifetime` is that of a presigned query in seconds, None
    for a signature in a header.
    """

    access_key_id: str
    region: str
    service: str
    date: str = ""
    signed_at: str = ""
    signed_headers: tuple[str, ...] = ()
    signature: str = ""
    lifetime: float | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a signature is refused, in AWS's words; the status is always 403."""

    error_type: str
    message: str


# Not recorded on AWS yet: the type for a call without a signature (M-8).
UNSIGNED = Fault("MissingAuthenticationTokenException", "Missing Authentication Token")


def read_signature(request: Request) -> Signature | None:
    """The signature of a request; None when nobody signed it (M-8, M-13)."""
    authorization = request.headers.get("Authorization")
    if authorization.startswith(_ALGORITHM):
        fields = dict(_FIELD.findall(authorization))
        signed_at = request.headers.get("X-Amz-Date") or _http_date(request.headers.get("Date"))
        return _signature(fields, signed_at, None)
    query = dict(request.query_items())
    if query.get("X-Amz-Signature"):
        fields = {
            name: query.get(f"X-Amz-{name}", "") for name in ("Credential", "SignedHeaders", "Signature")
        }
        return _signature(fields, query.get("X-Amz-Date", ""), _seconds(query.get("X-Amz-Expires", "")))
    return None


def fault_of_signature(
    request: Request, signature: Signature | None, region: str, *, secret_of: SecretOf | None, now: float
) -> Fault | None:
    """How a request to an API in `region` is refused for its signature; None when it is not.

    Without `secret_of` only its presence and what it was made for count; `now` is wall time in seconds.
    """
    if signature is None:
        return UNSIGNED
    if signature.region != region:
        return _invalid(f"Credential should be scoped to a valid region, not '{signature.region}'. ")
    if signature.service != SERVICE:
        return _invalid(f"Credential should be scoped to correct service: '{SERVICE}'. ")
    return None if secret_of is None else _fault_of_value(request, signature, secret_of, now)


def canonical_request(request: Request, signature: Signature) -> str:
    """The text that stands for the whole request; a path is encoded once more than on the wire (M-14)."""
    names = sorted(signature.signed_headers)
    headers = (f"{name}:{_canonical_value(request.headers, name)}\n" for name in names)
    return "\n".join(
        (
            request.method,
            quote(request.path, safe="/"),
            _canonical_query(request.query),
            "".join(headers),
            ";".join(names),
            hashlib.sha256(request.body).hexdigest(),
        )
    )


def string_to_sign(signature: Signature, canonical: str) -> str:
    """The text that is signed."""
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return "\n".join((_ALGORITHM, signature.signed_at, _scope(signature), digest))


def _signature(fields: dict[str, str], signed_at: str, lifetime: float | None) -> Signature | None:
    if not fields.get("Signature"):
        return None
    match fields.get("Credential", "").split("/"):
        case [access_key_id, date, region, service, "aws4_request"] if access_key_id:
            names = tuple(filter(None, fields.get("SignedHeaders", "").lower().split(";")))
            return Signature(
                access_key_id, region, service, date, signed_at, names, fields["Signature"], lifetime
            )
        case _:
            return None


def _fault_of_value(request: Request, signature: Signature, secret_of: SecretOf, now: float) -> Fault | None:
    secret = secret_of(signature.access_key_id)
    if secret is None:
        return Fault("UnrecognizedClientException", "The security token included in the request is invalid.")
    untimely = _fault_of_time(signature, now)
    if untimely is not None:
        return untimely
    if "host" not in signature.signed_headers:
        return _invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    canonical = canonical_request(request, signature)
    to_sign = string_to_sign(signature, canonical)
    if hmac.compare_digest(_sign(signature, secret, to_sign), signature.signature):
        return None
    return _invalid(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details.\n\n"
        f"The Canonical String for this request should have been\n'{canonical}'\n\n"
        f"The String-to-Sign should have been\n'{to_sign}'\n"
    )


def _fault_of_time(signature: Signature, now: float) -> Fault | None:
    signed_at = _wall_time(signature.signed_at)
    if signed_at is None:
        got = f"Got '{signature.signed_at}'. See http://en.wikipedia.org/wiki/ISO_8601"
        return Fault("IncompleteSignatureException", f"Date must be in ISO-8601 'basic format'. {got}")
    if not signature.signed_at.startswith(signature.date):
        return _invalid(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{signature.date}' != '{signature.signed_at[:8]}', from '{signature.signed_at}'."
        )
    lifetime = MOST_SKEW if signature.lifetime is None else signature.lifetime
    if now > signed_at + lifetime:
        bound = f"{_timestamp(now - lifetime)} ({_timestamp(now)} - {_words(lifetime)}.)"
        return _invalid(f"Signature expired: {signature.signed_at} is now earlier than {bound}")
    if signed_at > now + MOST_SKEW:
        bound = f"{_timestamp(now + MOST_SKEW)} ({_timestamp(now)} + {_words(MOST_SKEW)}.)"
        return _invalid(f"Signature not yet current: {signature.signed_at} is still later than {bound}")
    return None


def _sign(signature: Signature, secret: str, to_sign: str) -> str:
    key = f"AWS4{secret}".encode()
    for part in (signature.date, signature.region, signature.service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


def _scope(signature: Signature) -> str:
    return f"{signature.date}/{signature.region}/{signature.service}/aws4_request"


def _canonical_query(query: str) -> str:
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    encoded = sorted((_encoded(name), _encoded(value)) for name, _, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded if name != "X-Amz-Signature")


def _encoded(text: str) -> str:
    return quote(unquote(text), safe="")


def _canonical_value(headers: Headers, name: str) -> str:
    return ",".join(" ".join(value.split()) for value in headers.get_all(name))


def _invalid(message: str) -> Fault:
    return Fault("InvalidSignatureException", message)


def _wall_time(timestamp: str) -> float | None:
    try:
        return datetime.strptime(timestamp, _TIMESTAMP).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _timestamp(wall_time: float) -> str:
    return datetime.fromtimestamp(wall_time, UTC).strftime(_TIMESTAMP)


def _http_date(text: str) -> str:
    try:
        return parsedate_to_datetime(text).strftime(_TIMESTAMP)
    except ValueError:
        return ""


def _seconds(text: str) -> float:
    return float(text) if text.isdecimal() else 0.0


def _words(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds % 60 == 0 else f"{seconds:.0f} s"
