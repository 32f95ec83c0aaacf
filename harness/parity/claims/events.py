"""Claims about the events of a connection: their whole shapes, and how their parts belong together (1.4)."""

from harness.parity.claim import Area
from harness.parity.deployment import STAGE
from harness.parity.doors import Client, Doors, Event

EVENTS = Area("events")
_claim = EVENTS.claim

_REQUEST_CONTEXT: dict[str, object] = {
    "extendedRequestId": "<request id>",
    "requestTime": "<CLF time>",
    "messageDirection": "IN",
    "stage": STAGE,
    "connectedAt": "<epoch milliseconds>",
    "requestTimeEpoch": "<epoch milliseconds>",
    "identity": {"userAgent": "<this client>", "sourceIp": "<IP address>"},
    "requestId": "<request id>",
    "domainName": "<text>",
    "connectionId": "<this connection>",
    "apiId": "<this API>",
}
_CONNECT_HEADERS = {
    "Host": "<text>",
    "Sec-WebSocket-Extensions": "<text>",
    "Sec-WebSocket-Key": "<WebSocket key>",
    "Sec-WebSocket-Version": "13",
    "User-Agent": "<this client>",
    "X-Amzn-Trace-Id": "<trace id>",
    "X-Forwarded-For": "<IP address>",
    "X-Forwarded-Port": "<port>",
    "X-Forwarded-Proto": "<scheme>",
}
_DISCONNECT_HEADERS = {"Host": "<text>", "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""}


def _as_lists(headers: dict[str, str]) -> dict[str, list[str]]:
    return {name: [value] for name, value in headers.items()}


@_claim(
    "the CONNECT event has exactly AWS's keys and kinds of values",
    *("E-1", "E-2", "E-3", "E-7", "E-8", "E-9", "E-10", "E-17", "E-18", "E-19"),
    aws={
        "headers": _CONNECT_HEADERS,
        "multiValueHeaders": _as_lists(_CONNECT_HEADERS),
        "requestContext": _REQUEST_CONTEXT | {"routeKey": "$connect", "eventType": "CONNECT"},
        "isBase64Encoded": False,
    },
)
def _connect(doors: Doors) -> object:
    with doors.connected(asks=False) as client:
        return client.named(client.opened.event)


@_claim(
    "the MESSAGE event has exactly AWS's keys and kinds of values",
    *("E-4", "E-5", "E-7", "E-8", "E-9", "E-10", "E-14", "E-19", "E-20"),
    aws={
        "requestContext": _REQUEST_CONTEXT
        | {"routeKey": "one-way", "eventType": "MESSAGE", "messageId": "<message id>"},
        "body": '{"action": "one-way"}',
        "isBase64Encoded": False,
    },
)
def _message(doors: Doors) -> object:
    with doors.connected(asks=False) as client:
        client.send("one-way")
        return client.named(client.next_event("MESSAGE").event)


@_claim(
    "the DISCONNECT event has exactly AWS's keys and kinds of values",
    *("E-3", "E-7", "E-8", "E-9", "E-10", "E-12", "E-13"),
    aws={
        "headers": _DISCONNECT_HEADERS,
        "multiValueHeaders": _as_lists(_DISCONNECT_HEADERS),
        "requestContext": _REQUEST_CONTEXT
        | {
            "routeKey": "$disconnect",
            "eventType": "DISCONNECT",
            "disconnectStatusCode": 1001,
            "disconnectReason": "",
        },
        "isBase64Encoded": False,
    },
)
def _disconnect(doors: Doors) -> object:
    with doors.connected(asks=False) as client:
        client.socket.close(1001)
        return client.named(client.next_event("DISCONNECT").event)


@_claim(
    "the query string is in the CONNECT event, single and as lists",
    *("E-1", "C-16"),
    aws={
        "queryStringParameters": {"claim": "<this claim>"},
        "multiValueQueryStringParameters": {"claim": ["<this claim>"]},
    },
)
def _query(doors: Doors) -> object:
    names = ("queryStringParameters", "multiValueQueryStringParameters")
    with doors.connected() as client:
        return client.named({name: client.opened.event.get(name) for name in names})


@_claim(
    "a client without a user agent has none in its events",
    "E-10",
    aws={"identity": ["sourceIp"], "header": False},
)
def _no_user_agent(doors: Doors) -> object:
    with doors.connected(user_agent=False) as client:
        headers = client.opened.event.get("headers") or {}
        return {
            "identity": sorted(client.opened.context.get("identity", {})),
            "header": "user-agent" in {name.lower() for name in headers},
        }


def _whole_life(doors: Doors) -> tuple[Client, Event, Event, Event]:
    """A client that has gone, and the request contexts of its CONNECT, MESSAGE and DISCONNECT."""
    with doors.connected() as client:
        client.send("one-way")
        message = client.next_event("MESSAGE")
        left = client.leave()
    return client, client.opened.context, message.context, left.context


@_claim(
    "connection, message and request ids are 11 bytes in base64url, each with AWS's letter of its class",
    *("I-1", "I-2", "I-3"),
    aws={"connectionId": "<connection id>", "messageId": "<message id>", "requestId": "<request id>"},
)
def _ids(doors: Doors) -> object:
    _, _, message, _ = _whole_life(doors)
    return {name: message.get(name) for name in ("connectionId", "messageId", "requestId")}


@_claim("a message's id ends as its connection's does", "I-3", aws=True)
def _id_endings(doors: Doors) -> object:
    _, _, message, _ = _whole_life(doors)
    return str(message.get("messageId"))[-5:] == str(message.get("connectionId"))[-5:]


@_claim(
    "connectedAt and the connection's id stay the same in its three events",
    *("E-8", "E-10"),
    aws={"connectedAt": 1, "connectionId": 1, "identity": 1},
)
def _constant(doors: Doors) -> object:
    _, *contexts = _whole_life(doors)
    names = ("connectedAt", "connectionId", "identity")
    return {name: len({str(context.get(name)) for context in contexts}) for name in names}


@_claim(
    "extendedRequestId is the requestId, and another one in each event", "E-6", aws={"equal": True, "ids": 3}
)
def _request_ids(doors: Doors) -> object:
    _, *contexts = _whole_life(doors)
    pairs = {(context.get("requestId"), context.get("extendedRequestId")) for context in contexts}
    return {"equal": all(one is not None and one == other for one, other in pairs), "ids": len(pairs)}


@_claim(
    "the body of a message is its text, untouched", "E-20", aws='{ "action":"one-way",  "price": "1é\\n" }'
)
def _verbatim(doors: Doors) -> object:
    with doors.connected() as client:
        client.socket.send('{ "action":"one-way",  "price": "1é\\n" }')
        return client.next_event("MESSAGE").event.get("body")


@_claim(
    "a message in fragments is one event", "Q-12", aws={"routeKey": "one-way", "body": '{"action":"one-way"}'}
)
def _fragments(doors: Doors) -> object:
    with doors.connected() as client:
        client.socket.send(['{"action":', '"one', '-way"}'])
        message = client.next_event("MESSAGE")
        return {"routeKey": message.context.get("routeKey"), "body": message.event.get("body")}
