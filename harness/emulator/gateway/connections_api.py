"""How do calls of the @connections API read, and how are they answered? Section 1.10, in values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from harness.emulator.gateway.connections import Missing
from harness.emulator.http import Request, Response, json_response

_SERVICE = "execute-api"
_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Signature:
    """The credential scope of a SigV4 signature; the signature itself is not checked."""

    access_key_id: str
    region: str
    service: str


def _error(status: int, error_type: str, message: str) -> Response:
    body = orjson.dumps({"message": message})
    return json_response(status, body, (("x-amzn-ErrorType", error_type),))


POSTED = Response(200)  # M-1
DELETED = Response(204)  # M-4
GONE = Response(410, (("x-amzn-ErrorType", "GoneException"),))  # M-5
FORBIDDEN = _error(403, "ForbiddenException", "Forbidden")  # M-8
# Not recorded on AWS yet: the types and texts for calls without a good signature (M-8).
UNSIGNED = _error(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
WRONG_SCOPE = _error(
    403,
    "InvalidSignatureException",
    "Credential should be scoped to a valid region and the service execute-api.",
)
# Not recorded on AWS yet: the body of a 413 (M-10).
TOO_LARGE = _error(413, "PayloadTooLargeException", "Message too long")
# Not recorded on AWS yet: the body of a 429; the text is the documentation's (M-11).
LIMIT_EXCEEDED = _error(
    429,
    "LimitExceededException",
    "The client is sending more than the allowed number of requests per unit of time or the WebSocket client side "
    "buffer is full.",
)
URL_TOO_LONG = _error(414, "BadRequestException", "Request-URI Too Long")  # U-7


def read_signature(request: Request) -> Signature | None:
    """Who signed the request, by header or presigned query; None when nobody did (M-8, M-13)."""
    authorization = request.headers.get("Authorization")
    if authorization.startswith(_ALGORITHM):
        _, found, scope = authorization.partition("Credential=")
        return _scope(scope.partition(",")[0]) if found and "Signature=" in scope else None
    if "X-Amz-Signature=" in request.query:
        return _scope(dict(request.query_items()).get("X-Amz-Credential", ""))
    return None


def fault_of_signature(signature: Signature | None, region: str) -> Response | None:
    """How a call with this signature is refused; None when it is not."""
    if signature is None:
        return UNSIGNED
    if (signature.region, signature.service) != (region, _SERVICE):
        return WRONG_SCOPE
    return None


def missing(why: Missing, connection_id: str) -> Response:
    """The answer for an id without a connection (M-5, M-6)."""
    match why:
        case Missing.GONE:
            return GONE
        case Missing.MALFORMED:
            # Not recorded on AWS yet: the whole body; its beginning is.
            return _error(400, "BadRequestException", f"Invalid connectionId: {connection_id}")


def described(
    *, connected_at: float, last_active_at: float, source_ip: str, user_agent: str | None
) -> Response:
    """The answer to GetConnection (M-2, M-3); times are wall seconds."""
    connection: Mapping[str, object] = {
        "connectedAt": _iso(connected_at),
        "identity": {"sourceIp": source_ip, "userAgent": user_agent},
        "lastActiveAt": _iso(last_active_at),
    }
    return json_response(200, orjson.dumps(connection))


def _scope(credential: str) -> Signature | None:
    match credential.strip().split("/"):
        case [access_key_id, _, region, service, "aws4_request"] if access_key_id:
            return Signature(access_key_id, region, service)
        case _:
            return None


def _iso(seconds: float) -> str:
    return (
        datetime.fromtimestamp(round(seconds, 3), UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
