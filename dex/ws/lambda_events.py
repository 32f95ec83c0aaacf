"""Events that API Gateway, SNS and Lambda hand to a handler; only what is read here (E-1 to E-20, S-1)."""

import json
from collections.abc import Mapping
from typing import NotRequired, Protocol, TypedDict

JsonObject = Mapping[str, object]


class RequestContext(TypedDict):
    """`connectedAt` is in milliseconds; `authorizer` is there when `$connect` has an authorizer (E-16)."""

    connectionId: str
    requestId: str
    connectedAt: int
    domainName: str
    stage: str
    authorizer: NotRequired[JsonObject | None]


class WebSocketEvent(TypedDict):
    """One event of a WebSocket route. `body` is there on messages only, the query on `$connect` only."""

    requestContext: RequestContext
    body: NotRequired[str]
    queryStringParameters: NotRequired[Mapping[str, str] | None]


class Notification(TypedDict):
    """`Message` is text as published, whatever is in it (S-26)."""

    MessageId: str
    Message: str


class SnsRecord(TypedDict):
    """One published message."""

    Sns: Notification


class SnsEvent(TypedDict):
    """What SNS delivers; one record today (S-7), but a list."""

    Records: list[SnsRecord]


class LambdaContext(Protocol):
    """The part of Lambda's context object that is read here (L-2)."""

    def get_remaining_time_in_millis(self) -> int: ...


class ProxyResponse(TypedDict):
    """The answer to API Gateway; any other key would make it malformed (R-15)."""

    statusCode: int


def json_object(text: str) -> JsonObject | None:
    """The JSON object in the text; None when it holds anything else, or nests too deeply to be read."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
