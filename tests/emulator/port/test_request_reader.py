"""HTTP/1.1 as RFC 9112 wants it read: bytes in, requests and refusals out."""

import pytest

from harness.emulator.port.http import Headers, Request
from harness.emulator.port.request_reader import (
    MAX_BODY_BYTES,
    MAX_HEADER_BYTES,
    Continue,
    Item,
    Received,
    Refusal,
    RequestReader,
    Upgrade,
)

HOST = (("Host", "h"),)
GET = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
GOT = Received(Request("GET", "/a", headers=Headers(HOST)))
HANDSHAKE = b"GET /s HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
SHOOK = Request("GET", "/s", headers=Headers((*HOST, ("Connection", "Upgrade"), ("Upgrade", "websocket"))))


def read(*chunks: bytes) -> list[Item]:
    reader = RequestReader()
    return [item for chunk in chunks for item in reader.receive(chunk)]


def a_post(fields: str, body: bytes = b"") -> bytes:
    return f"POST /p HTTP/1.1\r\nHost: h\r\n{fields}\r\n".encode() + body


def posted(body: bytes, *fields: tuple[str, str]) -> Received:
    return Received(Request("POST", "/p", headers=Headers((*HOST, *fields)), body=body))


REQUESTS = {
    "one request": (GET, [GOT]),
    "pipelined requests": (GET + GET, [GOT, GOT]),
    "empty lines before a request": (b"\r\n\r\n" + GET, [GOT]),
    "a query is apart from the path, and both stay encoded": (
        b"GET /a%2Fb?x=%20&y HTTP/1.1\r\nHost: h\r\n\r\n",
        [Received(Request("GET", "/a%2Fb", "x=%20&y", Headers(HOST)))],
    ),
    "a body by length": (
        a_post("Content-Length: 3\r\n", b"abc"),
        [posted(b"abc", ("Content-Length", "3"))],
    ),
    "a chunked body, without its trailers": (
        a_post("Transfer-Encoding: chunked\r\n", b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nHost: evil\r\n\r\n") + GET,
        [posted(b"abcde", ("Transfer-Encoding", "chunked")), GOT],
    ),
    "the last request of a connection ends it, whatever follows": (
        b"GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + GET + b"garbage",
        [Received(Request("GET", "/a", headers=Headers((*HOST, ("Connection", "close")))), keep_alive=False)],
    ),
    "HTTP/1.0 needs no Host and is not kept alive": (
        b"GET /a HTTP/1.0\r\n\r\n",
        [Received(Request("GET", "/a"), keep_alive=False)],
    ),
    "a target in absolute form says the host": (
        b"GET http://other:1/a?b=c HTTP/1.1\r\nHost: h\r\n\r\n",
        [Received(Request("GET", "/a", "b=c", Headers((("Host", "other:1"),))))],
    ),
    "a target in absolute form without a path": (
        b"GET http://other?b=c HTTP/1.1\r\nHost: h\r\n\r\n",
        [Received(Request("GET", "/", "b=c", Headers((("Host", "other"),))))],
    ),
    "a URL in a query is not an absolute form": (
        b"GET /a?u=http://x HTTP/1.1\r\nHost: h\r\n\r\n",
        [Received(Request("GET", "/a", "u=http://x", Headers(HOST)))],
    ),
    "a client that waits with its body": (
        a_post("Content-Length: 3\r\nExpect: 100-continue\r\n"),
        [Continue()],
    ),
    "a client that says it waits and does not": (
        a_post("Content-Length: 3\r\nExpect: 100-continue\r\n", b"abc"),
        [posted(b"abc", ("Content-Length", "3"), ("Expect", "100-continue"))],
    ),
    "an opening handshake with early bytes": (HANDSHAKE + b"\x81\x80", [Upgrade(SHOOK, b"\x81\x80")]),
    "an opening handshake behind a request": (GET + HANDSHAKE, [GOT, Upgrade(SHOOK)]),
    "an offer of h2c, which is not taken up": (
        b"GET /a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + GET,
        [GOT, GOT],
    ),
    "an offer of h2c on a request with a body": (
        a_post("Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n", b"abc") + GET,
        [posted(b"abc", ("Content-Length", "3")), GOT],
    ),
}


@pytest.mark.parametrize(("sent", "items"), REQUESTS.values(), ids=REQUESTS)
def test_requests_are_read(sent: bytes, items: list[Item]) -> None:
    assert read(sent) == items


@pytest.mark.parametrize(
    "name", ["pipelined requests", "a chunked body, without its trailers", "a body by length"]
)
def test_requests_that_arrive_byte_by_byte_are_the_same(name: str) -> None:
    sent, items = REQUESTS[name]
    assert read(*(sent[at : at + 1] for at in range(len(sent)))) == items


REFUSALS = {
    "garbage": (b"\x16\x03\x01\x02\x00garbage\r\n\r\n", 400),
    "HTTP/2 with prior knowledge": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "an unknown method": (b"FETCH /a HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    "no Host": (b"GET /a HTTP/1.1\r\n\r\n", 400),
    "two Hosts": (b"GET /a HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n", 400),
    "a field name with a space behind it": (b"GET /a HTTP/1.1\r\nHost : h\r\n\r\n", 400),
    "two lengths": (a_post("Content-Length: 3\r\nContent-Length: 4\r\n", b"abcd"), 400),
    "a length and chunks": (
        a_post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
        400,
    ),
    "a negative length": (a_post("Content-Length: -1\r\n"), 400),
    "a chunk that is longer than it says": (
        a_post("Transfer-Encoding: chunked\r\n", b"1\r\nabc\r\n0\r\n\r\n"),
        400,
    ),
    "a body that is announced too large": (a_post(f"Content-Length: {MAX_BODY_BYTES + 1}\r\n"), 413),
    "an expectation that nobody can meet": (a_post("Expect: miracles\r\n"), 417),
    "a tunnel": (b"CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\nGET / HTTP/1.1\r\n", 405),
    "too many header fields": (
        b"GET /a HTTP/1.1\r\nHost: h\r\n" + b"x: yyyyyyyy\r\n" * (MAX_HEADER_BYTES // 8) + b"\r\n",
        431,
    ),
    "a target that is too long": (
        b"GET /" + b"a" * MAX_HEADER_BYTES + b" HTTP/1.1\r\nHost: h\r\n\r\n",
        431,
    ),
}


@pytest.mark.parametrize(("sent", "status"), REFUSALS.values(), ids=REFUSALS)
def test_what_cannot_be_understood_is_refused(sent: bytes, status: int) -> None:
    assert read(sent) == [Refusal(status)]


@pytest.mark.parametrize(("sent", "status"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_comes_behind_the_requests_before_it_and_is_the_last(sent: bytes, status: int) -> None:
    assert read(GET + sent, GET) == [GOT, Refusal(status)]


def test_a_header_field_that_never_ends_is_refused() -> None:
    chunks = [b"GET /a HTTP/1.1\r\nHost: h\r\nx: ", *[b"y" * 4096] * 40]

    assert read(*chunks) == [Refusal(431)]


def test_trailers_that_never_end_are_refused() -> None:
    head = a_post("Transfer-Encoding: chunked\r\n", b"0\r\n")

    assert read(head, *[b"x: " + b"y" * 4096 + b"\r\n"] * 40) == [Refusal(431)]


def test_a_chunked_body_that_is_too_large_is_refused() -> None:
    head = a_post("Transfer-Encoding: chunked\r\n")
    chunk = b"400000\r\n" + b"a" * 0x400000 + b"\r\n"

    assert read(head, *[chunk] * (MAX_BODY_BYTES // 0x400000 + 1)) == [Refusal(413)]


def test_a_head_after_a_large_body_is_no_large_head() -> None:
    body = b"a" * (2 * MAX_HEADER_BYTES)
    post = a_post(f"Content-Length: {len(body)}\r\n", body)

    assert read(post + GET[:9], GET[9:]) == [posted(body, ("Content-Length", str(len(body)))), GOT]
