"""Request reader: HTTP/1.1 bytes in, requests out, in their order (RFC 9112).

Reads no socket and writes none. Everything a client can do wrong comes out as a `Refusal`, which is the last thing
that its connection gives: what follows it cannot be understood.
"""

from dataclasses import dataclass
from typing import TypeAlias

import httptools

from harness.emulator.port.http import Header, Headers, Request

MAX_HEADER_BYTES = 65_536
MAX_BODY_BYTES = 80 * 1024 * 1024  # a 50 MB zip in base64, and some room


@dataclass(frozen=True, slots=True)
class Received:
    """A whole request; without `keep_alive` it is the last one."""

    request: Request
    keep_alive: bool = True


@dataclass(frozen=True, slots=True)
class Upgrade:
    """An opening handshake of a WebSocket; all bytes from here on are no HTTP any more, `early` is their start."""

    request: Request
    early: bytes = b""


@dataclass(frozen=True, slots=True)
class Continue:
    """The client waits for `100 Continue` before it sends its body (RFC 9110, 10.1.1)."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What came is not answered by any door but with this status, and the connection ends."""

    status: int


Item: TypeAlias = Received | Upgrade | Continue | Refusal


class RequestReader:
    """Reads one connection's bytes. `peer` and `secure` are what every request of it says.

    Raises nothing for what a client does wrong: that is a `Refusal`, and nothing comes after it.
    """

    def __init__(self, *, peer: tuple[str, int] = ("127.0.0.1", 0), secure: bool = False) -> None:
        self._peer, self._secure = peer, secure
        self._parser = httptools.HttpRequestParser(self)
        self._items: list[Item] = []
        self._ended = False
        self._in_head = False
        self._begin()

    @property
    def ended(self) -> bool:
        """Whether nothing more can come: the last request, a handshake or a refusal came."""
        return self._ended

    def receive(self, chunk: bytes) -> list[Item]:
        """What is complete with these bytes, in order."""
        began_in_head, size = self._in_head, len(chunk)
        while chunk and not self._ended:
            chunk = self._feed(chunk)
        if began_in_head and self._in_head:
            # httptools gives a field away when the next one begins, however long it gets until then.
            self._count_head(size)
        items, self._items = self._items, []
        return items

    def _feed(self, chunk: bytes) -> bytes:
        """Feeds the parser; gives what is to be read anew after a request that offered another protocol."""
        try:
            self._parser.feed_data(chunk)
        except httptools.HttpParserUpgrade as upgrade:
            return self._upgraded(chunk[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse(400)
        return b""

    def _upgraded(self, rest: bytes) -> bytes:
        match self._items[-1] if self._items else None:
            case Received(request) if request.method == "CONNECT":
                self._items.pop()
                self._refuse(405)
            case Received(request) if _offers_websocket(request.headers):
                self._items[-1] = Upgrade(request, rest)
                self._ended = True
            case Received(request, keep_alive):
                # Other protocols may be offered (h2c) and are not taken up: the request is an ordinary one, and is
                # read again as such, because the parser stopped before its body.
                self._items.pop()
                self._ended = False
                self._parser = httptools.HttpRequestParser(self)
                return _without_offer(request, keep_alive=keep_alive) + rest
        return rest

    def _refuse(self, status: int) -> None:
        if not self._ended:
            self._items.append(Refusal(status))
            self._ended = True

    # --- httptools' callbacks -----------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._begin()
        self._in_head = True

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._count_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count_head(len(name) + len(value))
        if self._in_head:  # else a trailer field, which must not change what the head said (RFC 9110, 6.5.1)
            self._fields.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        self._in_head = False
        headers = Headers(tuple(self._fields))
        version = self._parser.get_http_version()
        fault = _fault_of_head(headers, version)
        if fault is not None:
            self._refuse(fault)
        elif version != "1.0" and "expect" in headers:
            self._items.append(Continue())

    def on_body(self, body: bytes) -> None:
        self._body_size += len(body)
        if self._body_size > MAX_BODY_BYTES:
            self._refuse(413)
        if not self._ended:
            self._body.append(body)

    def on_message_complete(self) -> None:
        if self._ended:
            return
        target, fields = _origin_form(self._url.decode("latin-1"), self._fields)
        path, _, query = target.partition("?")
        request = Request(
            method=self._parser.get_method().decode("latin-1"),
            path=path,
            query=query,
            headers=Headers(tuple(fields)),
            body=b"".join(self._body),
            peer=self._peer,
            secure=self._secure,
        )
        if self._items and self._items[-1] == Continue():
            self._items.pop()  # the body is here already
        keep_alive = self._parser.should_keep_alive()
        self._items.append(Received(request, keep_alive))
        self._ended = not keep_alive
        self._begin()

    def _begin(self) -> None:
        self._url = b""
        self._fields: list[Header] = []
        self._body: list[bytes] = []
        self._head_size = self._body_size = 0

    def _count_head(self, size: int) -> None:
        self._head_size += size
        if self._head_size > MAX_HEADER_BYTES:
            self._refuse(431)


def _fault_of_head(headers: Headers, version: str) -> int | None:
    """The status for a head that is refused before its body is read; None for a good one."""
    if version not in ("1.0", "1.1"):
        return 505
    if len(headers.get_all("host")) != 1 and version == "1.1":
        return 400  # RFC 9112, 3.2
    if "expect" in headers and headers.get("expect").lower() != "100-continue":
        return 417
    length = headers.get("content-length")
    return 413 if length.isdecimal() and int(length) > MAX_BODY_BYTES else None


def _offers_websocket(headers: Headers) -> bool:
    offered = ",".join(headers.get_all("upgrade")).lower().split(",")
    return "websocket" in (protocol.strip() for protocol in offered)


def _without_offer(request: Request, *, keep_alive: bool) -> bytes:
    """The head of a request that offered another protocol, as if it had not."""
    hop_by_hop = ("connection", "http2-settings", "upgrade")
    fields = [field for field in request.headers.fields if field[0].lower() not in hop_by_hop]
    fields += [] if keep_alive else [("Connection", "close")]
    lines = [f"{request.method} {request.target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _origin_form(target: str, fields: list[Header]) -> tuple[str, list[Header]]:
    """A target in absolute form, `http://host/path`, says the host and not the Host field (RFC 9112, 3.2.2)."""
    scheme, separator, rest = target.partition("://")
    if not separator or scheme.lower() not in ("http", "https", "ws", "wss"):
        return target, fields
    host, slash, path = rest.partition("/")
    host, question, query = host.partition("?")
    others = [field for field in fields if field[0].lower() != "host"]
    return (f"/{path}" if slash else f"/{question}{query}"), [("Host", host), *others]
