"""Opening handshakes: what is one, and the bytes of the 101 (C-10, C-11)."""

from typing import TypeAlias

import pytest

from harness.emulator.gateway.integration_responses import Refuse
from harness.emulator.gateway.opening_handshake import (
    OpeningHandshake,
    read_opening_handshake,
    refusal,
    switching_protocols,
)
from harness.emulator.port.http import Headers, Request, Response

Offers: TypeAlias = tuple[tuple[tuple[str, str | None], ...], ...]
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
GOOD = {
    "Host": "h",
    "Connection": "keep-alive, Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
}


def a_request(method: str = "GET", path: str = "/dev", **changes: str) -> Request:
    fields = GOOD | {name.replace("_", "-"): value for name, value in changes.items()}
    return Request(method, path, headers=Headers(tuple(fields.items())))


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        pytest.param(a_request(), OpeningHandshake(KEY), id="a handshake"),
        pytest.param(a_request(Upgrade="h2c"), Refuse(426, "Upgrade Required"), id="another upgrade"),
        pytest.param(
            a_request(Connection="close"),
            Refuse(426, "Upgrade Required"),
            id="a plain GET",
            marks=pytest.mark.aws("7-14", assumed=True),
        ),
        pytest.param(a_request("POST"), Refuse(403, "Forbidden"), id="a POST"),
        pytest.param(a_request(Sec_WebSocket_Key="short"), Refuse(400, "Bad Request"), id="a bad key"),
        pytest.param(a_request(Sec_WebSocket_Version="8"), Refuse(400, "Bad Request"), id="an old version"),
        pytest.param(
            a_request(path="/" + "x" * 4096),
            Refuse(414, "Request-URI Too Long"),
            id="U-7",
            marks=pytest.mark.aws("U-7"),
        ),
        pytest.param(
            a_request(Sec_WebSocket_Extensions="x-other, permessage-deflate; client_max_window_bits"),
            OpeningHandshake(KEY, ((("client_max_window_bits", None),),)),
            id="an offer of compression",
        ),
        pytest.param(
            a_request(Sec_WebSocket_Extensions="=;="), OpeningHandshake(KEY), id="an offer in no format"
        ),
    ],
)
def test_request_reads_as(request_: Request, expected: OpeningHandshake | Refuse) -> None:
    assert read_opening_handshake(request_, url_length=4096) == expected


@pytest.mark.parametrize(
    ("offers", "agreed"),
    [
        pytest.param(((),), "permessage-deflate", id="C-11 plain offer", marks=pytest.mark.aws("C-11")),
        pytest.param(
            ((("server_max_window_bits", "12"), ("client_max_window_bits", None)),),
            "permessage-deflate;server_max_window_bits=12",
            id="C-10 with a smaller window",
            marks=pytest.mark.aws("C-10"),
        ),
        pytest.param(
            ((("server_max_window_bits", "99"),), (("server_no_context_takeover", None),)),
            "permessage-deflate;server_no_context_takeover",
            id="the second offer when the first makes no sense",
        ),
    ],
)
def test_switching_protocols_is_written_as_aws_writes_it(offers: Offers, agreed: str) -> None:
    handshake = OpeningHandshake(KEY, offers)
    head, extensions = switching_protocols(handshake, subprotocol="chat", time=0.0)
    assert head.decode().split("\r\n") == [
        "HTTP/1.1 101 Switching Protocols",
        "Date: Thu, 01 Jan 1970 00:00:00 GMT",
        "Connection: upgrade",
        "upgrade: websocket",
        "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        f"sec-websocket-extensions: {agreed}",
        "Sec-WebSocket-Protocol: chat",
        "",
        "",
    ]
    assert [extension.name for extension in extensions] == ["permessage-deflate"]


def test_nothing_is_negotiated_that_was_not_offered() -> None:
    head, extensions = switching_protocols(OpeningHandshake(KEY), subprotocol=None, time=0.0)
    assert b"extensions" not in head
    assert b"Protocol:" not in head
    assert extensions == ()


@pytest.mark.parametrize(
    ("refuse", "response"),
    [
        pytest.param(
            Refuse(301),
            Response(301),
            id="C-3 C-9 only the status passes",
            marks=pytest.mark.aws("C-3", "C-9"),
        ),
        pytest.param(
            Refuse(403, "Forbidden"),
            Response(
                403,
                (("Content-Type", "application/json"), ("x-amzn-ErrorType", "ForbiddenException")),
                b'{"message":"Forbidden"}',
            ),
            id="C-18",
            marks=pytest.mark.aws("C-18", assumed=True),
        ),
        pytest.param(
            Refuse(426, "Upgrade Required"),
            Response(
                426,
                (("Content-Type", "application/json"), ("Upgrade", "websocket")),
                b'{"message":"Upgrade Required"}',
            ),
            id="a plain GET",
        ),
    ],
)
def test_refusal_is(refuse: Refuse, response: Response) -> None:
    assert refusal(refuse) == response
