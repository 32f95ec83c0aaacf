"""Endpoint of the Runtime API: one HTTP listener on loopback per execution environment."""

import asyncio
from collections.abc import Callable
from typing import cast

import httptools

from harness.emulator.lambda_runtime.payloads import MAXIMUM_RESPONSE_SIZE
from harness.emulator.lambda_runtime.runtime_api import (
    AskedNext,
    Invocation,
    Reply,
    RuntimeSession,
    Step,
)
from harness.emulator.port.http import reason_phrase


class RuntimeEndpoint:
    """Listens for one runtime and calls `on_step` with what it says, after it has been answered.

    `on_hung_up` is called when a runtime that waits for its next invocation closes its connection. `open` raises
    what the operating system does (OSError); a request that is not HTTP closes its connection only. After `close`
    nothing is heard any more.
    """

    def __init__(self, on_step: Callable[[Step], None], on_hung_up: Callable[[], None]) -> None:
        self._on_step, self._on_hung_up = on_step, on_hung_up
        self._session = RuntimeSession()
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()
        self._waiting: _Connection | None = None

    async def open(self) -> str:
        """Listens on a free port of loopback; returns the `host:port` for AWS_LAMBDA_RUNTIME_API."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return f"127.0.0.1:{port}"

    def restart(self) -> None:
        """Begins a new session, for a new process; what an old one still says is not heard."""
        self._disconnect()
        self._session = RuntimeSession()

    def hand(self, invocation: Invocation) -> None:
        """Answers the `next` that waits; ValueError when none does."""
        reply = self._session.hand(invocation)
        if self._waiting is None:
            raise ValueError("the runtime that asked for `next` has closed its connection")
        connection, self._waiting = self._waiting, None
        connection.reply(reply)

    def close(self) -> None:
        """Stops listening and closes what is open."""
        if self._server is not None:
            self._server.close()
        self._disconnect()

    def _disconnect(self) -> None:
        self._waiting = None
        for connection in tuple(self._connections):
            connection.abort()

    def opened(self, connection: "_Connection") -> None:
        """A runtime connected."""
        self._connections.add(connection)

    def closed(self, connection: "_Connection") -> None:
        """A runtime's connection is gone."""
        self._connections.discard(connection)
        if self._waiting is connection:
            self._waiting = None
            self._on_hung_up()

    def received(self, connection: "_Connection", method: str, path: str, body: bytes) -> None:
        """A complete request arrived."""
        reply, step = self._session.receive(method, path, body)
        if reply is not None:
            connection.reply(reply)
        if isinstance(step, AskedNext):
            self._waiting = connection
        if step is not None:
            self._on_step(step)


class _Connection(asyncio.Protocol):
    """One connection of the runtime: httptools in, bytes out."""

    def __init__(self, endpoint: RuntimeEndpoint) -> None:
        self._endpoint = endpoint
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._path = b""
        self._body: list[bytes] = []
        self._size = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not subclasses of asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        self._endpoint.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._endpoint.closed(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.abort()

    def on_message_begin(self) -> None:
        self._path, self._body, self._size = b"", [], 0

    def on_url(self, url: bytes) -> None:
        self._path += url

    def on_body(self, body: bytes) -> None:
        # One byte over the limit is enough to know; a function that returns gigabytes must not fill our memory.
        if self._size <= MAXIMUM_RESPONSE_SIZE:
            self._body.append(body)
            self._size += len(body)

    def on_message_complete(self) -> None:
        method = self._parser.get_method().decode("ascii")
        self._endpoint.received(self, method, self._path.decode("latin-1"), b"".join(self._body))

    def reply(self, reply: Reply) -> None:
        if self._transport is not None:
            self._transport.write(_http_bytes(reply))

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def _http_bytes(reply: Reply) -> bytes:
    fields = "".join(f"{name}: {value}\r\n" for name, value in reply.headers)
    head = (
        f"HTTP/1.1 {reply.status} {reason_phrase(reply.status)}\r\n{fields}"
        f"Content-Type: application/json\r\nContent-Length: {len(reply.body)}\r\n\r\n"
    )
    return head.encode("utf-8") + reply.body
