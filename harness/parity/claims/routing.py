"""Claims about messages: which route they take, and what comes back (1.2, 1.3, 1.8)."""

import json
import re

from harness.parity.claim import Area
from harness.parity.doors import Client, Doors, received

ROUTING = Area("routing")
_claim = ROUTING.claim


def _route_keys(client: Client, texts: tuple[str, ...]) -> dict[str, object]:
    """The route that each message takes, by its text."""
    keys: dict[str, object] = {}
    for text in texts:
        client.socket.send(text)
        keys[text] = client.next_event("MESSAGE").context.get("routeKey")
    return keys


_SELECTED = {
    '{"action":"one-way"}': "one-way",
    '{"action":"One-Way"}': "$default",
    '{"action":"one-way "}': "$default",
    '{"other":"one-way"}': "$default",
    "one-way": "$default",
}


@_claim(
    "a message takes the route whose key equals its action, else $default",
    "R-5",
    "R-6",
    "E-14",
    aws=_SELECTED,
)
def _selected(doors: Doors) -> object:
    with doors.connected() as client:
        return _route_keys(client, tuple(_SELECTED))


_COMPOSED = {
    '{"service":"chat","action":"join"}': "chat/join",
    '{"service":"chat"}': "chat/",
    '{"action":"join"}': "$default",
}


@_claim("an expression may join fields; one that is not there is empty", "R-1", "R-2", aws=_COMPOSED)
def _composed(doors: Doors) -> object:
    with doors.connected(api=doors.composed) as client:
        return _route_keys(client, tuple(_COMPOSED))


_ERROR_MESSAGE = re.compile(r'\{"message": "([^"]*)", "connectionId":"([^"]*)", "requestId":"([^"]*)"\}')


def _taken_apart(text: str | bytes) -> object:
    """An error message taken apart, when it is written exactly as AWS writes it; else the text."""
    found = _ERROR_MESSAGE.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return text
    return {"message": found[1], "connectionId": found[2], "requestId": found[3]}


def _answer(client: Client, told: object) -> dict[str, object]:
    """What comes back to a message that the function handles as told, and whether the next one is answered."""
    client.send("one-way", tell=told)
    client.next_event("MESSAGE")
    answer = client.named(_taken_apart(client.receive()))
    return {"answer": answer, "then": _echo(client)}


def _echo(client: Client) -> str | bytes:
    """What comes back on the two-way route."""
    client.send("two-way", tell={"return": {"statusCode": 200, "body": "still here"}})
    return client.receive()


_INTERNAL_ERROR = {
    "answer": {
        "message": "Internal server error",
        "connectionId": "<this connection>",
        "requestId": "<request id>",
    },
    "then": "still here",
}


@_claim(
    "a function that raises is an error message, and the connection stays",
    "R-13",
    "R-11",
    "T-6",
    aws=_INTERNAL_ERROR,
)
def _raising(doors: Doors) -> object:
    with doors.connected() as client:
        return _answer(client, {"raise": "as told"})


@_claim("an answer that is no proxy response is the same error message", "R-14", "R-15", aws=_INTERNAL_ERROR)
def _malformed(doors: Doors) -> object:
    with doors.connected() as client:
        return _answer(client, {"return": {"statusCode": 200, "unheard": "of"}})


@_claim(
    "a message that no route takes is answered with Forbidden, and the connection stays",
    *("R-10", "R-11", "R-12"),
    aws={
        "answer": {"message": "Forbidden", "connectionId": "<connection id>", "requestId": "<request id>"},
        "then": "still here",
    },
)
def _no_route(doors: Doors) -> object:
    with doors.open(doors.bare) as socket:
        socket.send('{"action":"unheard of"}')
        answer = _taken_apart(received(socket))
        socket.send(json.dumps({"action": "known", "tell": {"return": {"body": "still here"}}}))
        return {"answer": answer, "then": received(socket)}


@_claim("what a one-way route returns is not sent", "T-1", "R-18", aws="still here")
def _one_way(doors: Doors) -> object:
    with doors.connected() as client:
        client.send("one-way", tell={"return": {"statusCode": 200, "body": "lost"}})
        client.next_event("MESSAGE")
        return _echo(client)


@_claim("what a two-way route returns is sent as one message", "T-2", aws="told")
def _two_way(doors: Doors) -> object:
    with doors.connected() as client:
        client.send("two-way", tell={"return": {"statusCode": 200, "body": "told"}})
        return client.receive()


@_claim(
    "no status that a message's function returns is told or ends the connection", "R-18", aws="still here"
)
def _statuses(doors: Doors) -> object:
    with doors.connected() as client:
        for status in (201, 301, 401, 501):
            client.send("one-way", tell={"return": {"statusCode": status}})
            client.next_event("MESSAGE")
        return _echo(client)


@_claim("statusCode may be a text of digits, but no other text", "R-16", aws={"201": "fine", "test": "error"})
def _status_texts(doors: Doors) -> object:
    shown: dict[str, object] = {}
    with doors.connected() as client:
        for status in ("201", "test"):
            client.send("two-way", tell={"return": {"statusCode": status, "body": "fine"}})
            answer = client.receive()
            shown[status] = "error" if "Internal server error" in str(answer) else answer
    return shown
