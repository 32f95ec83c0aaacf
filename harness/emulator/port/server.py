"""Server on the one port: HTTP/1.1 with keep-alive and pipelining, and the door where WebSockets leave HTTP.

Plain or over TLS, as each client begins: `listener` tells. The shell around `request_reader`: it hands requests to
`Answers` one after the other, and writes the answers in the order of the requests. What a request means is not
known here.
"""

import asyncio
import logging
import re
import ssl
import time
from collections import deque
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from functools import lru_cache, partial
from typing import Any, Protocol, TypeAlias, TypeVar, assert_never, cast

from harness.emulator.port.http import MaybeLater, Request, Response, json_response, reason_phrase
from harness.emulator.port.listener import Listener
from harness.emulator.port.request_reader import (
    MAX_HEADER_BYTES,
    Continue,
    Received,
    Refusal,
    RequestReader,
    Upgrade,
)

log = logging.getLogger(__name__)
T = TypeVar("T")

MAX_WAITING_REQUESTS = 64
LINGER = 2.0  # seconds that a refused client gets to stop sending and read why

_BROKEN = json_response(
    500, b'{"message":"the emulator broke on this request; its standard error says where"}'
)
_LINE_BREAKS = re.compile(r"[\r\n\0]+")

Adopt: TypeAlias = Callable[[asyncio.Transport], asyncio.Protocol]
"""Takes an upgraded connection's transport over: the protocol it answers reads from then on."""


class Answers(Protocol):
    """Who answers requests."""

    def answer(self, request: Request) -> MaybeLater:
        """The response to an ordinary request."""

    async def upgrade(self, request: Request) -> Response | Adopt:
        """The answer to an opening handshake: a response refuses it."""


class Port:
    """A listening socket and the connections behind it.

    Raises OSError only from `listen`, which may then be called again. What breaks on a request is logged and answered
    500; its connection ends, and no other does.
    """

    def __init__(self, doors: Answers) -> None:
        self._doors = doors
        self._listener: Listener | None = None
        self._connections: set[HttpConnection] = set()
        self._tasks: set[asyncio.Future[Any]] = set()

    async def listen(self, host: str, port: int, *, tls: ssl.SSLContext | None = None) -> int:
        """Listens and returns the port (a free one for 0); OSError when it is taken.

        `tls` is for the clients that begin with TLS.
        """
        listener = Listener(lambda: HttpConnection(self), tls)
        bound = listener.listen(host, port)
        self._listener = listener
        return bound

    async def close(self) -> None:
        """Stops listening, ends what is under way and closes every connection."""
        if self._listener is not None:
            await self._listener.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in tuple(self._connections):
            connection.abort()

    def run(self, work: Awaitable[T], connection: "HttpConnection", *, then: Callable[[T], None]) -> None:
        """Runs a request's work and hands on what came of it; a defect of ours in it is logged and answered 500."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._done(done, connection, then))

    def _done(
        self, task: "asyncio.Future[T]", connection: "HttpConnection", then: Callable[[T], None]
    ) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            connection.broke(error)
        else:
            then(task.result())

    @property
    def doors(self) -> Answers:
        return self._doors

    @property
    def open_connections(self) -> int:
        """How many connections speak HTTP, have not begun to, or are being refused."""
        undecided = 0 if self._listener is None else self._listener.undecided
        return len(self._connections) + undecided

    def opened(self, connection: "HttpConnection") -> None:
        self._connections.add(connection)

    def gone(self, connection: "HttpConnection") -> None:
        self._connections.discard(connection)


class HttpConnection(asyncio.Protocol):
    """One client's connection while it speaks HTTP.

    A request that cannot be read, or that breaks, is the last: it is answered, and the connection ends.
    """

    def __init__(self, port: Port) -> None:
        self._port = port
        self._waiting: deque[Received | Upgrade | Refusal] = deque()
        self._early: bytearray | None = None
        self._busy = False
        self._finished = False
        self._peer_ended = False
        self._can_write = True
        self._is_reading = True
        self._linger: asyncio.TimerHandle | None = None
        self._secure = False
        self._reader: RequestReader
        self._transport: asyncio.Transport

    # --- asyncio.Protocol ---------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        host, port = tuple(transport.get_extra_info("peername") or ("", 0))[:2]
        self._secure = transport.get_extra_info("ssl_object") is not None
        self._reader = RequestReader(peer=(host, port), secure=self._secure)
        self._port.opened(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._finished = True
        self._waiting.clear()
        if self._linger is not None:
            self._linger.cancel()
        self._port.gone(self)

    def data_received(self, data: bytes) -> None:
        if self._early is not None:
            self._early += data
            if len(self._early) > MAX_HEADER_BYTES:
                self._transport.abort()
            return
        for item in () if self._finished else self._reader.receive(data):
            match item:
                case Continue():
                    self._invite_body()
                case Upgrade(early=early):
                    self._early = bytearray(early)
                    self._waiting.append(item)
                case Received() | Refusal():
                    self._waiting.append(item)
        self._next()

    def eof_received(self) -> bool:
        """A client that ends its side still gets the answers to what it asked (RFC 9112, 9.6)."""
        self._peer_ended = True
        if self._secure:
            return False  # asyncio's TLS ends both sides at once, whatever is answered here
        return self._early is None and not self._finished and (self._busy or bool(self._waiting))

    def pause_writing(self) -> None:
        """The client does not read its answers: it gets no further ones, and nobody else waits for it."""
        self._can_write = False
        self._keep_reading()

    def resume_writing(self) -> None:
        self._can_write = True
        self._next()

    # --- answering ----------------------------------------------------------------------------------------

    def _invite_body(self) -> None:
        # A client that sends ahead of its answers has to wait for this too, or send its body without it.
        if not self._waiting and not self._busy:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _next(self) -> None:
        while self._waiting and self._can_write and not self._busy and not self._over():
            item = self._waiting.popleft()
            match item:
                case Received(request, keep_alive):
                    self._answer(request, keep_alive=keep_alive)
                case Upgrade(request):
                    self._busy = True
                    handshake = self._port.doors.upgrade(request)
                    self._port.run(handshake, self, then=self._handshake_answered)
                case Refusal(status):
                    self._refuse(status)
                case _:
                    assert_never(item)
        if self._peer_ended and not self._waiting and not self._busy and not self._over():
            self._transport.close()
        self._keep_reading()

    def _over(self) -> bool:
        return self._finished or self._transport.is_closing()

    def _keep_reading(self) -> None:
        if self._over() or self._peer_ended:
            return
        wanted = self._can_write and len(self._waiting) < MAX_WAITING_REQUESTS
        if wanted and not self._is_reading:
            self._transport.resume_reading()
        elif self._is_reading and not wanted:
            self._transport.pause_reading()
        self._is_reading = wanted

    def _answer(self, request: Request, *, keep_alive: bool) -> None:
        is_head = request.method == "HEAD"
        try:
            answer = self._port.doors.answer(request)
        except Exception as error:  # the boundary behind which a defect of ours must stay: one request's
            self.broke(error)
            return
        if isinstance(answer, Response):
            self._write(answer, keep_alive=keep_alive, is_head=is_head)
        else:
            self._busy = True
            answered = partial(self._answered, keep_alive=keep_alive, is_head=is_head)
            self._port.run(answer, self, then=answered)

    def _answered(self, response: Response, *, keep_alive: bool, is_head: bool) -> None:
        self._busy = False
        if not self._over():
            self._write(response, keep_alive=keep_alive, is_head=is_head)
            self._next()

    def _write(self, response: Response, *, keep_alive: bool, is_head: bool = False) -> None:
        self._transport.write(wire(response, keep_alive=keep_alive, is_head=is_head))
        if not keep_alive:
            self._finished = True
            self._transport.close()

    def _refuse(self, status: int) -> None:
        """Answers and ends our side only: an answer to a client that is still sending would be lost in a reset."""
        self._transport.write(wire(Response(status), keep_alive=False))
        self._finished = True
        if self._peer_ended or not self._transport.can_write_eof():
            self._transport.close()
            return
        self._transport.write_eof()
        self._linger = asyncio.get_running_loop().call_later(LINGER, self._transport.abort)

    def broke(self, error: BaseException) -> None:
        """A defect of ours: logged, answered 500, and the connection ends."""
        log.error("a request broke the emulator", exc_info=error)
        if self._early is not None and self._transport.get_protocol() is not self:
            self._transport.abort()  # it speaks WebSocket already
        elif not self._over():
            self._write(_BROKEN, keep_alive=False)

    def abort(self) -> None:
        self._transport.abort()

    # --- leaving HTTP -------------------------------------------------------------------------------------

    def _handshake_answered(self, answer: Response | Adopt) -> None:
        if isinstance(answer, Response):
            if not self._over():
                self._write(answer, keep_alive=False)
            return
        early = bytes(self._early or b"")
        self._port.gone(self)
        protocol = answer(self._transport)
        if early and not self._transport.is_closing():
            protocol.data_received(early)


def wire(response: Response, *, keep_alive: bool, is_head: bool = False) -> bytes:
    """The response as HTTP/1.1 bytes, with Date, Content-Length and Connection.

    The answer to HEAD has no body; its own Content-Length, if any, says how long that of GET would be.
    """
    lines = [f"HTTP/1.1 {response.status} {reason_phrase(response.status)}"]
    lines += [_LINE_BREAKS.sub(" ", f"{name}: {value}") for name, value in response.headers]
    lines.append(f"Date: {_date(int(time.time()))}")
    has_body = response.status >= 200 and response.status not in (204, 304)
    if has_body and not (is_head and any(name.lower() == "content-length" for name, _ in response.headers)):
        lines.append(f"Content-Length: {len(response.body)}")
    lines.append("Connection: keep-alive" if keep_alive else "Connection: close")
    head = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"
    return head + response.body if has_body and not is_head else head


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)
