"""The machine's floor of a fan-out: what the least that is written in Python takes for the same pushes, now and here.

Three bare processes. The gateway (uvloop) finds the connection that a post's path names, frames the body for it and
answers 200. The poster signs each request and has it answered before the next one on that connection. The reader
holds the WebSockets and stamps each frame as it arrives. No retries, no records, no table, no topic.
"""

import asyncio
import hashlib
import hmac
import multiprocessing
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

import uvloop

from bench.dynamodb import cpu

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

KEPT_ALIVE = 8
"""Connections of the poster; beyond four they win nothing."""
PATIENCE = 60.0  # seconds without any frame
SECRET = b"AWS4wJalrXUtnFEMI"
SCOPE = "20260101/us-east-1/execute-api/aws4_request"
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: floor\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
UPGRADED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
POSTED = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Sent:
    """One event: when its first post was begun, and when its frames arrived; seconds on the monotonic clock."""

    began: float
    arrived: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Floor:
    """The events, and the seconds of CPU that each of the three processes spent on all their posts."""

    events: tuple[Sent, ...]
    poster: float
    gateway: float
    reader: float


def floor(sockets: int, events: int) -> Floor:
    """Posts so many events to so many sockets; TimeoutError when frames are lost."""
    spawn = multiprocessing.get_context("spawn")
    to_gateway, gateways = spawn.Pipe()
    to_reader, readers = spawn.Pipe()
    gateway = spawn.Process(target=serve, args=(gateways,), daemon=True)
    gateway.start()
    port = _answer(to_gateway)
    reader = spawn.Process(target=read, args=(readers, port, sockets, events), daemon=True)
    reader.start()
    try:
        _answer(to_reader)  # every socket is open
        return _measured(port, sockets, events, gateway, to_reader)
    finally:
        for process in (reader, gateway):
            process.kill()
            process.join()


def _measured(port: int, sockets: int, events: int, gateway: "SpawnProcess", to_reader: Connection) -> Floor:
    assert gateway.pid is not None
    began, own, reading = [], 0.0, 0.0
    arrived: list[tuple[float, ...]] = []
    with closing(Poster(port)) as poster:
        gateway_before = cpu(gateway.pid)
        for number in range(events):
            own_before = time.process_time()
            began.append(time.monotonic())
            body = b'{"type":"trade","market":"BTC-PERP","price":"64523.5","number":%d}' % number
            poster.post(sockets, body)
            own += time.process_time() - own_before
            stamps, reading = _answer(to_reader)
            arrived.append(stamps)
    pairs = zip(began, arrived, strict=True)
    return Floor(tuple(Sent(*pair) for pair in pairs), own, cpu(gateway.pid) - gateway_before, reading)


def _answer(of: Connection) -> Any:
    if not of.poll(PATIENCE + 10.0):
        raise TimeoutError("a process of the floor does not answer")
    answer = of.recv()
    if isinstance(answer, str):
        raise TimeoutError(answer)
    return answer


# --- the gateway ------------------------------------------------------------------------------------------


def serve(owner: Connection) -> None:
    """The bare gateway, until its owner has gone; the owner is told its port."""
    uvloop.run(_serve(owner))


async def _serve(owner: Connection) -> None:
    loop, gone = asyncio.get_running_loop(), asyncio.Event()
    connections: dict[bytes, asyncio.Transport] = {}
    loop.add_reader(owner.fileno(), gone.set)
    server = await loop.create_server(lambda: _Peer(connections), "127.0.0.1", 0, backlog=4096)
    owner.send(server.sockets[0].getsockname()[1])
    await gone.wait()


class _Peer(asyncio.Protocol):
    """A connection: a WebSocket once it has asked for that, and posts until then."""

    def __init__(self, connections: dict[bytes, asyncio.Transport]) -> None:
        self._connections, self._unread = connections, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]  # uvloop's has no such base

    def data_received(self, data: bytes) -> None:
        self._unread += data
        while (head := self._unread.find(b"\r\n\r\n")) >= 0:
            path = self._unread[: self._unread.index(b" HTTP/1.1")]
            if path.startswith(b"GET"):
                self._connections[b"%d" % len(self._connections)] = self._transport
                self._unread = b""
                self._transport.write(UPGRADED)
                return
            length = self._unread.index(b"content-length: ") + 16
            end = head + 4 + int(self._unread[length : self._unread.index(b"\r\n", length)])
            if len(self._unread) < end:
                return
            body, self._unread = self._unread[head + 4 : end], self._unread[end:]
            self._connections[path[path.rindex(b"/") + 1 :]].write(bytes((0x81, len(body))) + body)
            self._transport.write(POSTED)


# --- the poster -------------------------------------------------------------------------------------------


class Poster:
    """Connections that are kept alive, each with one post under way; whoever made it calls `close`."""

    def __init__(self, port: int) -> None:
        self._selector = selectors.DefaultSelector()
        self._key = hmac.digest(SECRET, SCOPE.encode(), "sha256")
        self._sockets = [_connected(port) for _ in range(KEPT_ALIVE)]
        for one in self._sockets:
            self._selector.register(one, selectors.EVENT_READ)

    def post(self, sockets: int, body: bytes) -> None:
        """Posts the body to every socket; returns when all have been answered."""
        waiting = iter(range(sockets))
        left = sockets
        for one in self._sockets:
            self._next(one, waiting, body)
        while left:
            ready = self._selector.select(PATIENCE)
            if not ready:
                raise TimeoutError("the floor's gateway does not answer")
            for key, _ in ready:
                one = self._sockets[self._sockets.index(key.fileobj)]  # type: ignore[arg-type]  # ours are sockets
                if not one.recv(4096).startswith(b"HTTP/1.1 200"):
                    raise ConnectionError("the floor's gateway refused a post")
                left -= 1
                self._next(one, waiting, body)

    def close(self) -> None:
        for one in self._sockets:
            one.close()
        self._selector.close()

    def _next(self, one: socket.socket, waiting: Iterator[int], body: bytes) -> None:
        if (number := next(waiting, None)) is not None:
            one.send(self._signed(number, body))

    def _signed(self, number: int, body: bytes) -> bytes:
        path = f"/prod/@connections/{number}"
        payload = hashlib.sha256(body).hexdigest()
        canonical = f"POST\n{path}\n\nhost:floor\nx-amz-date:20260101T000000Z\n\nhost;x-amz-date\n{payload}"
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        to_sign = f"AWS4-HMAC-SHA256\n20260101T000000Z\n{SCOPE}\n{hashed}"
        signature = hmac.digest(self._key, to_sign.encode(), "sha256").hex()
        head = (
            f"POST {path} HTTP/1.1\r\nhost: floor\r\nx-amz-date: 20260101T000000Z\r\nauthorization: "
            f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{SCOPE}, SignedHeaders=host;x-amz-date, Signature={signature}"
            f"\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


def _connected(port: int) -> socket.socket:
    one = socket.create_connection(("127.0.0.1", port), PATIENCE)
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return one


# --- the reader -------------------------------------------------------------------------------------------


def read(owner: Connection, port: int, sockets: int, events: int) -> None:
    """Holds the WebSockets; after each event its frames' times of arrival, and the CPU so far, go to the owner."""
    with selectors.DefaultSelector() as selector:
        for _ in range(sockets):
            selector.register(_upgraded(port), selectors.EVENT_READ)
        owner.send(port)
        before = time.process_time()
        for _ in range(events):
            try:
                arrived = _arrived(selector, sockets)
            except TimeoutError as error:
                owner.send(str(error))
                return
            owner.send((arrived, time.process_time() - before))


def _upgraded(port: int) -> socket.socket:
    one = _connected(port)
    one.sendall(UPGRADE)
    if not one.recv(4096).startswith(b"HTTP/1.1 101"):
        raise ConnectionError("the floor's gateway refused a handshake")
    return one


def _arrived(selector: selectors.BaseSelector, frames: int) -> tuple[float, ...]:
    """When each of so many frames arrived; there is one event under way, so a socket has one frame at a time."""
    stamps: list[float] = []
    while len(stamps) < frames:
        ready: Sequence[tuple[selectors.SelectorKey, int]] = selector.select(PATIENCE)
        if not ready:
            raise TimeoutError(f"{len(stamps)} of {frames} frames of the floor arrived")
        for key, _ in ready:
            one = key.fileobj
            assert isinstance(one, socket.socket)
            frame = one.recv(4096)
            if len(frame) < 2 or len(frame) != frame[1] + 2:
                raise ConnectionError("a frame of the floor is torn")
            stamps.append(time.monotonic())
    return tuple(stamps)
