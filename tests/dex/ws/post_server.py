"""An HTTP server that answers each connection id as scripted: what posts to `@connections` meet."""

import asyncio
import ssl
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from urllib.parse import unquote

from tests.patience import WAIT

CLOSE, HANG, CLOSE_AFTER = "close", "hang", "close after"

_ANSWERS = {
    200: b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    400: b"HTTP/1.1 400 Bad Request\r\nx-amzn-ErrorType: BadRequestException\r\nContent-Length: 2\r\n\r\n{}",
    410: b"HTTP/1.1 410 Gone\r\nx-amzn-ErrorType: GoneException\r\nContent-Length: 0\r\n\r\n",
    413: b"HTTP/1.1 413 Too Large\r\nx-amzn-ErrorType: PayloadTooLargeException\r\nContent-Length: 0\r\n\r\n",
    429: b"HTTP/1.1 429 Too Many\r\nx-amzn-ErrorType: LimitExceededException\r\nContent-Length: 0\r\n\r\n",
    500: b"HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\nsorry",
}


class Server:
    """What the posts meet. `script` holds the answers of a connection id, the last one for good; else 200.

    Nothing is answered until `awaited_in_flight` posts were there at once.
    """

    def __init__(self) -> None:
        self.script: dict[str, deque[int | str]] = {}
        self.posts: list[tuple[str, bytes]] = []
        self.methods: set[str] = set()
        self.opened = 0
        self.most_in_flight = 0
        self.port = 0
        self.scheme = "http"
        self.awaited_in_flight = 0
        self._held: list[tuple[asyncio.Transport, str]] = []
        self._in_flight = 0
        self._peers: set[asyncio.Transport] = set()

    def answers(self, connection_id: str, *answers: int | str) -> None:
        self.script[connection_id] = deque(answers)

    def posts_by_id(self) -> Counter[str]:
        return Counter(connection_id for connection_id, _ in self.posts)

    def forget_peers(self) -> None:
        """Closes every connection, as a peer does that has waited too long."""
        self._on_loop(self._close_peers).result(WAIT)

    def _on_loop(self, call: Callable[[], None]) -> Future[None]:
        async def run() -> None:
            call()

        return asyncio.run_coroutine_threadsafe(run(), self.loop)

    def _close_peers(self) -> None:
        for peer in tuple(self._peers):
            peer.abort()

    def opening(self, peer: asyncio.Transport) -> None:
        self.opened += 1
        self._peers.add(peer)

    def closing(self, peer: asyncio.Transport) -> None:
        self._peers.discard(peer)

    def posted(self, peer: asyncio.Transport, connection_id: str, body: bytes) -> None:
        self.posts.append((connection_id, body))
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        self._held.append((peer, connection_id))
        if self._in_flight < self.awaited_in_flight:
            return
        self.awaited_in_flight = 0
        for held in self._held:
            # In the loop's next turn, so that posts that are in flight together are counted together.
            self.loop.call_soon(self._answer, *held)
        self._held.clear()

    def _answer(self, peer: asyncio.Transport, connection_id: str) -> None:
        self._in_flight -= 1
        script = self.script.get(connection_id, deque([200]))
        answer = script.popleft() if len(script) > 1 else script[0]
        match answer:
            case int():
                peer.write(_ANSWERS[answer])
            case "close":
                peer.close()
            case "close after":
                peer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                peer.close()

    async def serve(self, started: Future[None], tls: ssl.SSLContext | None) -> None:
        self.loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await self.loop.create_server(lambda: _Peer(self), "127.0.0.1", 0, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        started.set_result(None)
        await self._stop.wait()
        self._close_peers()
        server.close()
        await server.wait_closed()

    def stop(self) -> None:
        self._on_loop(self._stop.set).result(WAIT)


class _Peer(asyncio.Protocol):
    def __init__(self, server: Server) -> None:
        self._server, self._received = server, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.opening(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.closing(self._transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        lines = head.decode().split("\r\n")
        length = int(next(line for line in lines if line.startswith("content-length: ")).split()[1])
        if len(rest) < length:
            return
        self._received = rest[length:]
        method, path, _ = lines[0].split()
        self._server.methods.add(method)
        assert path.startswith("/_aws/execute-api/abc/prod/@connections/")
        self._server.posted(self._transport, unquote(path.rpartition("/")[2]), rest[:length])


@contextmanager
def running(server: Server, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    started: Future[None] = Future()
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(started, tls)))
    thread.start()
    started.result(WAIT)
    try:
        yield server
    finally:
        server.stop()
        thread.join(WAIT)


def ids(count: int) -> list[str]:
    return [f"PJqB0fHs{number:05}Cw=" for number in range(count)]
