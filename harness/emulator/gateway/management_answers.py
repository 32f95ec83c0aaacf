"""Answers of the API Gateway Management API (@connections), in values: section 1.10 of the rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote

import orjson

from harness.emulator.gateway.apis import Api
from harness.emulator.gateway.connection_registry import Missing
from harness.emulator.gateway.policies import Statement, allows
from harness.emulator.gateway.signatures import Fault
from harness.emulator.gateway.urls import connection_id_of
from harness.emulator.port.http import Request, Response, json_response

MANAGE, INVOKE = "execute-api:ManageConnections", "execute-api:Invoke"


def _error(status: int, error_type: str, message: str) -> Response:
    body = orjson.dumps({"message": message})
    return json_response(status, body, (("x-amzn-ErrorType", error_type),))


POSTED = Response(200)  # M-1
DELETED = Response(204)  # M-4
GONE = Response(410, (("x-amzn-ErrorType", "GoneException"),))  # M-5
FORBIDDEN = _error(403, "ForbiddenException", "Forbidden")  # M-8
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


def refused(fault: Fault) -> Response:
    """The answer to a call whose signature is refused (M-8)."""
    return _error(403, fault.error_type, fault.message)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, where IAM knows: its ARN, and the statements of its policies."""

    arn: str
    statements: tuple[Statement, ...]


def denied(request: Request, caller: Caller, api: Api, stage: str, rest: str) -> Response | None:
    """How a caller is refused whose policies do not allow the call; None when they do (M-9, M-12)."""
    action = MANAGE if connection_id_of(rest) is not None else INVOKE
    path = f"{api.api_id}/{stage}/{request.method}/{rest.replace('%40', '@', 1)}"
    if allows(caller.statements, action, f"arn:aws:execute-api:{api.region}:{api.account}:{path}"):
        return None
    masked = f"arn:aws:execute-api:{api.region}:********{api.account[-4:]}:{path}"
    text = f"User: {caller.arn} is not authorized to perform: {action} on resource: {masked}"
    return _error(403, "AccessDeniedException", text)


def no_method(request: Request, rest: str) -> Response:
    """The answer to a method and path behind the stage that the API does not have (U-4)."""
    # Not recorded on AWS yet: the status and the type; the text is.
    text = f"No method found matching route {unquote(rest)} for http method {request.method}."
    return _error(404, "NotFoundException", text)


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


def _iso(seconds: float) -> str:
    return (
        datetime.fromtimestamp(round(seconds, 3), UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
