"""The one port: HTTP/1.1 with keep-alive and pipelining, and the door through which WebSockets leave HTTP.

A shell around httptools. It reads requests, hands them to the `Doors` one after the other, and writes the answers
in the order of the requests. What a request means is not known here.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from email.utils import formatdate
from typing import Protocol, TypeAlias, cast

import httptools

from harness.emulator.http import Headers, MaybeLater, Request, Response, reason_phrase

log = logging.getLogger(__name__)

MAX_HEADER_BYTES = 65_536
MAX_BODY_BYTES = 80 * 1024 * 1024  # a 50 MB zip in base64, and some room
MAX_WAITING_REQUESTS = 64

Adopt: TypeAlias = Callable[[asyncio.Transport], asyncio.Protocol]
"""Takes an upgraded connection's transport over: the protocol it answers reads from then on."""


class Doors(Protocol):
    """Where requests go."""

    def answer(self, request: Request) -> MaybeLater:
        """The response to an ordinary request."""

    async def upgrade(self, request: Request) -> Response | Adopt:
        """The answer to an opening handshake: a response refuses it."""


class Port:
    """A listening socket and the connections behind it."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._server: asyncio.Server | None = None
        self._connections: set[HttpConnection] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self, host: str, port: int) -> int:
        """Listens and returns the port (a free one for 0); OSError when it is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: HttpConnection(self), host, port, backlog=4096)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stops listening, ends what is under way and closes every connection."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in tuple(self._connections):
            connection.abort()

    def run(self, work: Coroutine[object, object, None], connection: "HttpConnection") -> None:
        """Runs a request's work; a defect of ours in it is logged, and answered 500."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._done(done, connection))

    def _done(self, task: asyncio.Task[None], connection: "HttpConnection") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a request broke the emulator", exc_info=error)
            connection.fail(500)

    @property
    def doors(self) -> Doors:
        return self._doors

    def opened(self, connection: "HttpConnection") -> None:
        self._connections.add(connection)

    def gone(self, connection: "HttpConnection") -> None:
        self._connections.discard(connection)


class HttpConnection(asyncio.Protocol):
    """One client's connection while it speaks HTTP."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._busy = False
        self._early: bytearray | None = None
        self._peer = ("", 0)
        self._secure = False
        self._transport: asyncio.Transport
        self._reset()

    # --- asyncio.Protocol ---------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._peer = tuple(transport.get_extra_info("peername") or ("", 0))[:2]
        self._secure = transport.get_extra_info("ssl_object") is not None
        self._port.opened(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._waiting.clear()
        self._port.gone(self)

    def data_received(self, data: bytes) -> None:
        if self._early is not None:
            self._early += data
            if len(self._early) > MAX_HEADER_BYTES:
                self._transport.abort()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._upgraded(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self.fail(400)
        else:
            self._next()

    # --- httptools' callbacks -----------------------------------------------------------------------------

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._count_header(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields.append((name.decode("latin-1"), value.decode("latin-1")))
        self._count_header(len(name) + len(value))

    def on_headers_complete(self) -> None:
        if any(name.lower() == "expect" for name, _ in self._fields):
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body.append(body)
        self._body_size += len(body)
        if self._body_size > MAX_BODY_BYTES:
            self.fail(413)

    def on_message_complete(self) -> None:
        path, _, query = self._url.decode("latin-1").partition("?")
        request = Request(
            method=self._parser.get_method().decode("latin-1"),
            path=path,
            query=query,
            headers=Headers(tuple(self._fields)),
            body=b"".join(self._body),
            peer=self._peer,
            secure=self._secure,
        )
        self._waiting.append((request, self._parser.should_keep_alive()))
        self._reset()
        if len(self._waiting) >= MAX_WAITING_REQUESTS:
            self._transport.pause_reading()

    # --- answering ----------------------------------------------------------------------------------------

    def _next(self) -> None:
        while self._waiting and not self._busy and not self._transport.is_closing():
            request, keep_alive = self._waiting.popleft()
            answer = self._port.doors.answer(request)
            if isinstance(answer, Response):
                self._write(answer, keep_alive=keep_alive)
            else:
                self._busy = True
                self._port.run(self._later(answer, keep_alive=keep_alive), self)
        if len(self._waiting) < MAX_WAITING_REQUESTS and not self._transport.is_closing():
            self._transport.resume_reading()

    async def _later(self, answer: Awaitable[Response], *, keep_alive: bool) -> None:
        response = await answer
        self._busy = False
        if not self._transport.is_closing():
            self._write(response, keep_alive=keep_alive)
            self._next()

    def _write(self, response: Response, *, keep_alive: bool) -> None:
        self._transport.write(wire(response, keep_alive=keep_alive))
        if not keep_alive:
            self._transport.close()

    def refuse(self, response: Response) -> None:
        """Answers an opening handshake otherwise than with 101."""
        if not self._transport.is_closing():
            self._write(response, keep_alive=False)

    def fail(self, status: int) -> None:
        """Answers `status` and closes: nothing that follows on this connection can be understood."""
        self._waiting.clear()
        if not self._transport.is_closing():
            self._write(Response(status), keep_alive=False)

    def abort(self) -> None:
        self._transport.abort()

    # --- leaving HTTP -------------------------------------------------------------------------------------

    def _upgraded(self, rest: bytes) -> None:
        request, keep_alive = self._waiting[-1]
        if request.headers.get("upgrade").lower() != "websocket":
            # Other protocols may be offered (h2c) and are not taken up: the request is an ordinary one.
            self._parser = httptools.HttpRequestParser(self)
            self._next()
            if rest:
                self.data_received(rest)
            return
        self._waiting.pop()
        self._early = bytearray(rest)
        self._port.run(self._handshake(request), self)

    async def _handshake(self, request: Request) -> None:
        answer = await self._port.doors.upgrade(request)
        if isinstance(answer, Response):
            self.refuse(answer)
            return
        early = bytes(self._early or b"")
        self._port.gone(self)
        protocol = answer(self._transport)
        if early and not self._transport.is_closing():
            protocol.data_received(early)

    def _reset(self) -> None:
        self._url = b""
        self._fields: list[tuple[str, str]] = []
        self._body: list[bytes] = []
        self._header_size = self._body_size = 0

    def _count_header(self, size: int) -> None:
        self._header_size += size
        if self._header_size > MAX_HEADER_BYTES:
            self.fail(431)


def wire(response: Response, *, keep_alive: bool) -> bytes:
    """The response as HTTP/1.1 bytes, with Date, Content-Length and Connection."""
    lines = [f"HTTP/1.1 {response.status} {reason_phrase(response.status)}"]
    lines += [f"{name}: {value}" for name, value in response.headers]
    lines.append(f"Date: {formatdate(usegmt=True)}")
    if response.status >= 200 and response.status != 204:
        lines.append(f"Content-Length: {len(response.body)}")
    lines.append("Connection: keep-alive" if keep_alive else "Connection: close")
    head = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"
    return head + response.body
