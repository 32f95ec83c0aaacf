"""Posting to many connections, against an HTTP server that answers each connection id as scripted."""

import asyncio
import ssl
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from urllib.parse import unquote

import pytest
import trustme
from botocore.credentials import ReadOnlyCredentials

from dex.ws.management_api import ManagementApi
from dex.ws.post_outcomes import PostReport, RetryPolicy

CLOSE, HANG, CLOSE_AFTER = "close", "hang", "close after"
AT_ONCE = RetryPolicy(attempts=4, first=0.001, longest=0.002)

_ANSWERS = {
    200: b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    400: b"HTTP/1.1 400 Bad Request\r\nx-amzn-ErrorType: BadRequestException\r\nContent-Length: 2\r\n\r\n{}",
    410: b"HTTP/1.1 410 Gone\r\nx-amzn-ErrorType: GoneException\r\nContent-Length: 0\r\n\r\n",
    413: b"HTTP/1.1 413 Too Large\r\nx-amzn-ErrorType: PayloadTooLargeException\r\nContent-Length: 0\r\n\r\n",
    429: b"HTTP/1.1 429 Too Many\r\nx-amzn-ErrorType: LimitExceededException\r\nContent-Length: 0\r\n\r\n",
    500: b"HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\nsorry",
}


class Server:
    """What the posts meet. `script` holds the answers of a connection id, the last one for good; else 200."""

    def __init__(self) -> None:
        self.script: dict[str, deque[int | str]] = {}
        self.posts: list[tuple[str, bytes]] = []
        self.methods: set[str] = set()
        self.opened = 0
        self.most_in_flight = 0
        self.port = 0
        self.scheme = "http"
        self._in_flight = 0
        self._peers: set[asyncio.Transport] = set()

    def answers(self, connection_id: str, *answers: int | str) -> None:
        self.script[connection_id] = deque(answers)

    def posts_by_id(self) -> Counter[str]:
        return Counter(connection_id for connection_id, _ in self.posts)

    def forget_peers(self) -> None:
        """Closes every connection, as a peer does that has waited too long."""
        self._on_loop(self._close_peers).result(5)

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
        # Answered in the loop's next turn, so that posts that are in flight together are counted together.
        self.loop.call_soon(self._answer, peer, connection_id)

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
        self._on_loop(self._stop.set).result(5)


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
    started.result(5)
    try:
        yield server
    finally:
        server.stop()
        thread.join(5)


@pytest.fixture
def server() -> Iterator[Server]:
    with running(Server()) as server:
        yield server


@contextmanager
def an_api(
    server: Server,
    *,
    connections: int = 4,
    time_out: float = 5.0,
    retry_policy: RetryPolicy = AT_ONCE,
    tls: ssl.SSLContext | None = None,
) -> Iterator[ManagementApi]:
    api = ManagementApi(
        f"{server.scheme}://127.0.0.1:{server.port}/_aws/execute-api/abc/prod",
        "us-east-1",
        lambda: ReadOnlyCredentials("AKID", "secret", "token"),
        connections=connections,
        time_out=time_out,
        retry_policy=retry_policy,
        tls=tls,
    )
    try:
        yield api
    finally:
        api.close()


def ids(count: int) -> list[str]:
    return [f"PJqB0fHs{number:05}Cw=" for number in range(count)]


def test_every_connection_gets_the_message_once_and_verbatim(server: Server) -> None:
    with an_api(server) as api:
        assert api.post_to_connections(ids(100), b'{"a":1}') == PostReport(delivered=100)
    assert sorted(server.posts) == [(connection_id, b'{"a":1}') for connection_id in ids(100)]
    assert server.methods == {"POST"}


def test_an_id_named_twice_is_posted_to_once(server: Server) -> None:
    with an_api(server) as api:
        assert api.post_to_connections(["a=", "b=", "a="], b"{}") == PostReport(delivered=2)
    assert server.posts_by_id() == {"a=": 1, "b=": 1}


def test_no_connections_are_no_posts(server: Server) -> None:
    with an_api(server) as api:
        assert api.post_to_connections([], b"{}") == PostReport(delivered=0)
    assert server.opened == 0


def test_many_posts_are_in_flight_but_never_more_than_connections(server: Server) -> None:
    with an_api(server, connections=4) as api:
        api.post_to_connections(ids(200), b"{}")
    assert server.opened == 4
    assert 2 <= server.most_in_flight <= 4


def test_connections_are_kept_for_the_next_message(server: Server) -> None:
    with an_api(server, connections=4) as api:
        for _ in range(3):
            api.post_to_connections(ids(20), b"{}")
    assert server.opened == 4


def test_connections_that_died_meanwhile_are_replaced_without_a_failure(server: Server) -> None:
    with an_api(server, connections=4, retry_policy=RetryPolicy(attempts=1)) as api:
        api.post_to_connections(ids(20), b"{}")
        server.forget_peers()
        assert api.post_to_connections(ids(20), b"{}") == PostReport(delivered=20)


def test_a_peer_that_closes_after_each_answer_costs_new_connections_only(server: Server) -> None:
    for connection_id in ids(10):
        server.answers(connection_id, CLOSE_AFTER)
    with an_api(server, connections=1, retry_policy=RetryPolicy(attempts=1)) as api:
        assert api.post_to_connections(ids(10), b"{}") == PostReport(delivered=10)
    assert server.posts_by_id() == dict.fromkeys(ids(10), 1)


def test_each_answer_hits_only_its_own_connection(server: Server) -> None:
    server.answers("gone=", 410)
    server.answers("malformed", 400)
    server.answers("long=", 413)
    with an_api(server) as api:
        report = api.post_to_connections(["a=", "gone=", "malformed", "long=", "b="], b"{}")
    assert report == PostReport(
        delivered=2,
        gone=("gone=",),
        failed={"malformed": "400 BadRequestException {}", "long=": "413 PayloadTooLargeException"},
    )
    assert server.posts_by_id() == {"a=": 1, "gone=": 1, "malformed": 1, "long=": 1, "b=": 1}


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param((429, 200), id="throttled once"),
        pytest.param((500, 500, 200), id="a server error twice"),
        pytest.param((CLOSE, CLOSE, 200), id="closed before the answer"),
        pytest.param((429, CLOSE, 500, 200), id="at the last attempt"),
    ],
)
def test_a_transient_failure_is_tried_again(server: Server, answers: tuple[int | str, ...]) -> None:
    server.answers("slow=", *answers)
    with an_api(server) as api:
        assert api.post_to_connections(["slow=", "a="], b"{}") == PostReport(delivered=2)
    assert server.posts_by_id() == {"slow=": len(answers), "a=": 1}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (429, "429 LimitExceededException"),
        (500, "500 sorry"),
        (CLOSE, "ConnectionResetError: the peer closed the connection before it answered"),
    ],
)
def test_a_failure_that_lasts_is_given_up_after_the_last_attempt(
    server: Server, answer: int | str, reason: str
) -> None:
    server.answers("slow=", answer)
    with an_api(server) as api:
        report = api.post_to_connections(["slow="], b"{}")
    assert report == PostReport(delivered=0, failed={"slow=": reason})
    assert server.posts_by_id() == {"slow=": AT_ONCE.attempts}


def test_a_transient_failure_that_turns_into_410_is_gone(server: Server) -> None:
    server.answers("leaving=", 429, 410)
    with an_api(server) as api:
        assert api.post_to_connections(["leaving="], b"{}") == PostReport(delivered=0, gone=("leaving=",))


def test_a_retry_holds_up_nobody(server: Server) -> None:
    server.answers("slow=", 429, 200)
    with an_api(server, connections=1) as api:
        assert api.post_to_connections(["slow=", *ids(20)], b"{}") == PostReport(delivered=21)
    assert [connection_id for connection_id, _ in server.posts] == ["slow=", *ids(20), "slow="]


def test_no_answer_in_time_is_a_failure(server: Server) -> None:
    server.answers("stuck=", HANG)
    with an_api(server, time_out=0.2, retry_policy=RetryPolicy(attempts=1)) as api:
        report = api.post_to_connections(["stuck="], b"{}")
    assert report == PostReport(delivered=0, failed={"stuck=": "TimeoutError: no answer within 0.2 s"})


def test_a_connection_whose_answer_did_not_come_is_not_used_again(server: Server) -> None:
    server.answers("stuck=", HANG, 200)
    with an_api(
        server, connections=1, time_out=0.1, retry_policy=RetryPolicy(attempts=50, first=0.001)
    ) as api:
        assert api.post_to_connections(["stuck=", "a="], b"{}") == PostReport(delivered=2)
    assert server.opened >= 2


def test_what_is_not_done_when_the_time_is_up_is_told(server: Server) -> None:
    server.answers("stuck=", HANG)
    with an_api(server, connections=1, time_out=3600.0) as api:
        report = api.post_to_connections(["stuck=", "never="], b"{}", within=0.05)
        assert report == PostReport(delivered=0, failed={"stuck=": "out of time", "never=": "out of time"})
        assert api.post_to_connections(["a="], b"{}") == PostReport(delivered=1)


def test_the_gone_of_some_connections_are_found_without_a_message(server: Server) -> None:
    server.answers("gone=", 410)
    server.answers("slow=", 429)
    server.answers("malformed", 400)
    with an_api(server) as api:
        assert api.gone_of(["a=", "gone=", "slow=", "malformed"]) == ("gone=",)
    assert server.methods == {"GET"}


def test_an_endpoint_where_nobody_listens_is_a_failure_of_each_connection() -> None:
    with running(Server()) as server:
        pass
    with an_api(server) as api:
        report = api.post_to_connections(["a="], b"{}")
    assert (report.delivered, report.gone, list(report.failed)) == (0, (), ["a="])
    assert report.failed["a="].startswith("ConnectionRefusedError: ")


def test_posts_go_over_tls_to_an_https_endpoint() -> None:
    authority = trustme.CA()
    server_side, client_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server_side)
    authority.configure_trust(client_side)
    server = Server()
    server.scheme = "https"
    with ExitStack() as stack:
        stack.enter_context(running(server, server_side))
        api = stack.enter_context(an_api(server, tls=client_side))
        assert api.post_to_connections(ids(20), b"x" * 131_072) == PostReport(delivered=20)
        server.forget_peers()
        assert api.post_to_connections(ids(20), b"{}") == PostReport(delivered=20)


def test_a_certificate_that_nobody_trusts_is_a_failure() -> None:
    server_side, server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), Server()
    trustme.CA().issue_cert("127.0.0.1").configure_cert(server_side)
    server.scheme = "https"
    with running(server, server_side), an_api(server, retry_policy=RetryPolicy(attempts=1)) as api:
        report = api.post_to_connections(["a="], b"{}")
    assert report.failed["a="].startswith("SSLCertVerificationError: ")
    assert server.posts == []
