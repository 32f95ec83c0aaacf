"""Events of functions: CONNECT, MESSAGE, DISCONNECT and the authorizer's, key for key and in order.

The keys and their order are those of recorded events (section 1.4); each function gives the event's JSON.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

import orjson

from harness.emulator.gateway.apis import Api
from harness.emulator.gateway.ids import ConnectionId, RandomBytes
from harness.emulator.port.http import Request

AuthorizerContext: TypeAlias = Mapping[str, str]
"""What an authorizer said of the caller: `principalId` and its context, all as strings (A-10)."""

Variables: TypeAlias = Mapping[str, str]
"""A stage's variables."""

_HOP_BY_HOP = frozenset({"connection", "upgrade", "content-length", "transfer-encoding", "keep-alive"})


@dataclass(frozen=True, slots=True)
class ConnectionFacts:
    """What every event of one connection says alike. `connected_at` is wall time in seconds."""

    api_id: str
    stage: str
    connection_id: ConnectionId
    connected_at: float
    domain_name: str
    source_ip: str
    user_agent: str | None
    authorizer: AuthorizerContext | None = None


@dataclass(frozen=True, slots=True)
class Parameters:
    """Headers and query of the opening handshake, as events carry them: each name with all its values."""

    headers: Mapping[str, Sequence[str]]
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)


def read_parameters(request: Request, trace_id: str) -> Parameters:
    """The parameters of a handshake, with the headers that AWS adds to it (E-17, E-18)."""
    values: dict[str, list[str]] = {}
    for name, value in request.headers.fields:
        if name.lower() not in _HOP_BY_HOP:
            values.setdefault(_canonical(name), []).append(value)
    values.setdefault("X-Amzn-Trace-Id", [trace_id])
    # Not recorded on AWS yet: an X-Forwarded-For that the client sent; AWS's proxies append to it.
    forwarded = [*values.get("X-Forwarded-For", ()), request.peer[0]]
    values["X-Forwarded-For"] = [", ".join(forwarded)]
    values["X-Forwarded-Port"] = [_port(request)]
    values["X-Forwarded-Proto"] = ["https" if request.secure else "http"]
    query: dict[str, list[str]] = {}
    for name, value in request.query_items():
        query.setdefault(name, []).append(value)
    return Parameters({name: values[name] for name in sorted(values, key=str.lower)}, query)


def new_trace_id(time: float, random: RandomBytes) -> str:
    """`Root=1-<8 hex of the time>-<24 hex>` for wall time `time` (E-18)."""
    return f"Root=1-{int(time):08x}-{random.randbytes(12).hex()}"


def connect_event(
    facts: ConnectionFacts,
    parameters: Parameters,
    variables: Variables,
    *,
    request_id: str,
    now: float,
    integration_latency: int | None,
) -> bytes:
    """The event of `$connect`; E-1 to E-3. `integration_latency` is the authorizer's, in ms."""
    authorizer: Mapping[str, object] | None = facts.authorizer
    if authorizer is not None and integration_latency is not None:
        authorizer = {**authorizer, "integrationLatency": integration_latency}
    return orjson.dumps(
        {
            **_parameters(parameters),
            **_stage_variables(variables),
            "requestContext": {
                "routeKey": "$connect",
                **({} if authorizer is None else {"authorizer": authorizer}),
                **_rest_of_context(facts, "CONNECT", request_id, now),
            },
            "isBase64Encoded": False,
        }
    )


def message_event(
    facts: ConnectionFacts,
    body: str,
    variables: Variables,
    *,
    route_key: str,
    message_id: str,
    request_id: str,
    now: float,
    is_base64: bool = False,
) -> bytes:
    """The event of a message that took the route `route_key` (E-4, E-5, E-14, E-20).

    `is_base64`: the body is binary, in base64.
    """
    return orjson.dumps(
        {
            **_stage_variables(variables),
            "requestContext": {
                "routeKey": route_key,
                **_authorizer(facts),
                "messageId": message_id,
                **_rest_of_context(facts, "MESSAGE", request_id, now),
            },
            "body": body,
            "isBase64Encoded": is_base64,
        }
    )


def disconnect_event(
    facts: ConnectionFacts, variables: Variables, *, code: int, reason: str, request_id: str, now: float
) -> bytes:
    """The event of `$disconnect` (E-3, E-12, E-13)."""
    headers = {"Host": facts.domain_name, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""}
    return orjson.dumps(
        {
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            **_stage_variables(variables),
            "requestContext": {
                "routeKey": "$disconnect",
                **_authorizer(facts),
                "disconnectStatusCode": code,
                **_rest_of_context(facts, "DISCONNECT", request_id, now, disconnect_reason=reason),
            },
            "isBase64Encoded": False,
        }
    )


def authorizer_event(
    facts: ConnectionFacts,
    parameters: Parameters,
    variables: Variables,
    *,
    arn: str,
    request_id: str,
    now: float,
) -> bytes:
    """The event of a REQUEST authorizer, whose maps are all there even when empty (A-4)."""
    return orjson.dumps(
        {
            "type": "REQUEST",
            "methodArn": arn,
            "headers": _last_values(parameters.headers),
            "multiValueHeaders": parameters.headers,
            "queryStringParameters": _last_values(parameters.query),
            "multiValueQueryStringParameters": parameters.query,
            "stageVariables": dict(variables),
            "requestContext": {
                "routeKey": "$connect",
                **_rest_of_context(facts, "CONNECT", request_id, now),
            },
        }
    )


def method_arn(api: Api, stage: str) -> str:
    """What an authorizer's policy has to allow (A-3)."""
    return f"arn:aws:execute-api:{api.region}:{api.account}:{api.api_id}/{stage}/$connect"


def _parameters(parameters: Parameters) -> dict[str, object]:
    headers: dict[str, object] = {
        "headers": _last_values(parameters.headers),
        "multiValueHeaders": parameters.headers,
    }
    if not parameters.query:
        return headers
    return {
        **headers,
        "queryStringParameters": _last_values(parameters.query),
        "multiValueQueryStringParameters": parameters.query,
    }


def _last_values(values: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {name: every[-1] for name, every in values.items()}


def _stage_variables(variables: Variables) -> dict[str, object]:
    return {"stageVariables": dict(variables)} if variables else {}


def _authorizer(facts: ConnectionFacts) -> dict[str, object]:
    return {} if facts.authorizer is None else {"authorizer": facts.authorizer}


def _rest_of_context(
    facts: ConnectionFacts,
    event_type: str,
    request_id: str,
    now: float,
    *,
    disconnect_reason: str | None = None,
) -> dict[str, object]:
    return {
        "eventType": event_type,
        "extendedRequestId": request_id,
        "requestTime": _request_time(now),
        "messageDirection": "IN",
        **({} if disconnect_reason is None else {"disconnectReason": disconnect_reason}),
        "stage": facts.stage,
        "connectedAt": _milliseconds(facts.connected_at),
        "requestTimeEpoch": _milliseconds(now),
        "identity": _identity(facts),
        "requestId": request_id,
        "domainName": facts.domain_name,
        "connectionId": facts.connection_id,
        "apiId": facts.api_id,
    }


def _identity(facts: ConnectionFacts) -> dict[str, str]:
    user_agent = {} if facts.user_agent is None else {"userAgent": facts.user_agent}
    return {**user_agent, "sourceIp": facts.source_ip}


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _request_time(now: float) -> str:
    # Not strftime: its month names follow the machine's locale.
    at = datetime.fromtimestamp(now, UTC)
    return f"{at.day:02}/{_MONTHS[at.month - 1]}/{at.year}:{at.hour:02}:{at.minute:02}:{at.second:02} +0000"


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


_SPELLINGS = {
    "sec-websocket-key": "Sec-WebSocket-Key",
    "sec-websocket-version": "Sec-WebSocket-Version",
    "sec-websocket-extensions": "Sec-WebSocket-Extensions",
    "sec-websocket-protocol": "Sec-WebSocket-Protocol",
    "x-amzn-trace-id": "X-Amzn-Trace-Id",
    "x-forwarded-for": "X-Forwarded-For",
    "host": "Host",
    "origin": "Origin",
    "user-agent": "User-Agent",
    "cookie": "Cookie",
}


def _canonical(name: str) -> str:
    # Not recorded on AWS yet: how it spells the client's own headers; they are left as they came (E-17).
    return _SPELLINGS.get(name.lower(), name)


def _port(request: Request) -> str:
    _, colon, port = request.headers.get("Host").rpartition(":")
    if colon and port.isdigit():
        return port
    return "443" if request.secure else "80"
