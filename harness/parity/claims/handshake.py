"""Claims about the opening handshake: who gets in, with what, and what is said to who does not (1.5)."""

import json
from typing import Any

from websockets.exceptions import InvalidStatus

from harness.parity.claim import Area
from harness.parity.doors import Doors

HANDSHAKE = Area("handshake")
_claim = HANDSHAKE.claim


def _status(doors: Doors, told: object) -> int:
    """The HTTP status of a handshake whose function does as it is told."""
    try:
        with doors.open(query={"tell": json.dumps(told)}) as socket:
            assert socket.response is not None
            return socket.response.status_code
    except InvalidStatus as refused:
        return refused.response.status_code


@_claim("a $connect that answers 200 or 201 opens the connection", "C-2", aws={"200": 101, "201": 101})
def _accepting(doors: Doors) -> object:
    return {str(status): _status(doors, {"return": {"statusCode": status}}) for status in (200, 201)}


@_claim(
    "a $connect that answers anything else refuses with that status",
    "C-1",
    "C-3",
    aws={"400": 400, "401": 401, "403": 403, "501": 501},
)
def _refusing(doors: Doors) -> object:
    return {
        str(status): _status(doors, {"return": {"statusCode": status}}) for status in (400, 401, 403, 501)
    }


@_claim("a $connect that raises refuses with 502", "C-4", aws=502)
def _raising(doors: Doors) -> object:
    return _status(doors, {"raise": "as told"})


@_claim("a $connect that answers what is no proxy response refuses with 502", "C-4", "R-15", aws=502)
def _malformed(doors: Doors) -> object:
    return _status(doors, {"return": {"statusCode": 200, "unheard": "of"}})


@_claim("a refused client gets nothing that the function returns but the status", "C-3", "C-9", aws={})
def _nothing_else(doors: Doors) -> object:
    told = {"return": {"statusCode": 403, "headers": {"X-Told": "1", "Set-Cookie": "a=b"}, "body": "told"}}
    try:
        with doors.open(query={"tell": json.dumps(told)}):
            return {"status": 101}
    except InvalidStatus as refused:
        return _passed_on(refused.response.headers) | (
            {"body": "told"} if b"told" in (refused.response.body or b"") else {}
        )


@_claim("headers that $connect returns do not reach the client", "C-9", aws={})
def _dropped_headers(doors: Doors) -> object:
    told = {"return": {"statusCode": 200, "headers": {"X-Told": "1", "Set-Cookie": "a=b"}}}
    with doors.open(query={"tell": json.dumps(told)}) as socket:
        assert socket.response is not None
        return _passed_on(socket.response.headers)


def _passed_on(headers: Any) -> dict[str, str]:
    return {name: headers[name] for name in ("X-Told", "Set-Cookie") if name in headers}


@_claim("an API without $connect accepts everybody", "C-7", aws=101)
def _no_connect_route(doors: Doors) -> object:
    with doors.open(doors.bare) as socket:
        assert socket.response is not None
        return socket.response.status_code


@_claim("a subprotocol that is offered is not accepted by itself", "C-8", aws=None)
def _subprotocol_untold(doors: Doors) -> object:
    with doors.connected(subprotocols=("chat", "chat2")) as client:
        return client.socket.subprotocol


@_claim("a subprotocol that $connect returns is told to the client", "C-8", "C-9", aws="chat2")
def _subprotocol_told(doors: Doors) -> object:
    told = {"return": {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "chat2"}}}
    with doors.connected(told=told, subprotocols=("chat", "chat2")) as client:
        return client.socket.subprotocol


@_claim("permessage-deflate is negotiated", "C-11", aws="permessage-deflate")
def _compression(doors: Doors) -> object:
    with doors.open() as socket:
        assert socket.response is not None
        return socket.response.headers.get("Sec-WebSocket-Extensions", "").partition(";")[0]


@_claim("the URL may end with a slash", "U-1", aws=101)
def _trailing_slash(doors: Doors) -> object:
    with doors.open(path="/") as socket:
        assert socket.response is not None
        return socket.response.status_code


@_claim(
    "a $connect cannot post to its own connection yet: 410",
    "C-12",
    aws={"status": 410, "code": "GoneException"},
)
def _too_early(doors: Doors) -> object:
    with doors.connected(told={"post": True}) as client:
        return client.opened.post


@_claim(
    "a refused client is never disconnected",
    "C-6",
    aws={"handshake": 403, "disconnects": 0},
)
def _no_disconnect(doors: Doors) -> object:
    marker = doors.name("refused")
    try:
        with doors.open(query={"tell": json.dumps({"return": {"statusCode": 403}})}, user_agent=marker):
            status = 101
    except InvalidStatus as refused:
        status = refused.response.status_code
    refused_event = doors.recordings.first(lambda one: marker in json.dumps(one.event), "no CONNECT event")
    with doors.connected() as later:
        later.leave()
    of_refused = doors.recordings.so_far(
        lambda one: one.context.get("connectionId") == refused_event.context.get("connectionId")
    )
    return {"handshake": status, "disconnects": len(of_refused)}
