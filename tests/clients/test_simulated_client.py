"""A simulated client against a real WebSocket server on loopback."""

import asyncio
import contextlib
import errno
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from http import HTTPStatus

import pytest
import trustme
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosedError
from websockets.http11 import Request, Response

from harness.clients.client import Client
from harness.clock import ManualClock, RealClock
from harness.errors import UsageError
from harness.record.observation import (
    ClientClosed,
    ClientConnected,
    ClientConnecting,
    ClientLeft,
    ClientRefused,
    MessageReceived,
    Observation,
    SubscriptionSent,
)
from harness.scenario.feed import Feed
from tests.patience import WAIT

AT = 1000.0
CONNECTING = ClientConnecting(AT, "alice")
CONNECTED = ClientConnected(AT, "alice")

Serving = Callable[[ServerConnection], Awaitable[None]]
Answering = Callable[[ServerConnection, Request], Response | None]


class Seen:
    """What was noted, and a bounded wait for the next of a kind."""

    def __init__(self) -> None:
        self.observations: list[Observation] = []
        self._noted = asyncio.Event()

    def note(self, observation: Observation) -> None:
        self.observations.append(observation)
        self._noted.set()

    async def until(self, kind: type[Observation]) -> None:
        while not any(isinstance(one, kind) for one in self.observations):
            self._noted.clear()
            await self._noted.wait()


def run(test: Coroutine[object, object, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(WAIT):
            await test

    asyncio.run(bounded())


async def listen(connection: ServerConnection) -> None:
    with contextlib.suppress(ConnectionClosedError):  # a client that vanishes
        async for _ in connection:
            pass


def url_of(server: Server, scheme: str = "ws") -> str:
    port = next(iter(server.sockets)).getsockname()[1]
    return f"{scheme}://127.0.0.1:{port}/prod"


@contextlib.asynccontextmanager
async def a_client(
    seen: Seen,
    serving: Serving = listen,
    *,
    answering: Answering | None = None,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> AsyncIterator[Client]:
    async with serve(serving, "127.0.0.1", 0, process_request=answering, close_timeout=1) as server:
        client = Client(
            "alice",
            url_of(server),
            feed=Feed(),
            clock=ManualClock(),
            note=seen.note,
            query=query,
            headers=headers,
        )
        yield client
        await client.cut()


def test_what_the_server_sends_is_noted_in_order_with_the_event_it_carries() -> None:
    async def serving(connection: ServerConnection) -> None:
        await connection.send('{"type":"trade","eventId":"e1"}')
        await connection.send('{"message": "Forbidden"}')
        await connection.send("not JSON")
        await connection.send(["fragmented ", "into ", "three"])
        await connection.send(b"binary is no message of a feed")
        await connection.send([b"nor ", b"is this"])
        await listen(connection)

    async def test() -> None:
        seen = Seen()
        async with a_client(seen, serving) as client:
            assert await client.connect() is True
            assert await client.roundtrip(WAIT) is True
            assert client.messages == 4
        assert seen.observations[:6] == [
            CONNECTING,
            CONNECTED,
            MessageReceived(AT, "alice", '{"type":"trade","eventId":"e1"}', "e1"),
            MessageReceived(AT, "alice", '{"message": "Forbidden"}'),
            MessageReceived(AT, "alice", "not JSON"),
            MessageReceived(AT, "alice", "fragmented into three"),
        ]

    run(test())


def test_subscribing_returns_when_the_server_has_the_message() -> None:
    async def test() -> None:
        seen, messages = Seen(), []

        async def serving(connection: ServerConnection) -> None:
            async for message in connection:
                messages.append(message)

        async with a_client(seen, serving) as client:
            await client.connect()
            assert await client.subscribe("market.BTC-PERP") is True
            assert messages == ['{"action":"subscribe","channel":"market.BTC-PERP"}']
            assert client.channel == "market.BTC-PERP"
        assert seen.observations[:3] == [
            CONNECTING,
            CONNECTED,
            SubscriptionSent(AT, "alice", "market.BTC-PERP"),
        ]

    run(test())


def test_the_handshake_carries_the_name_the_query_and_the_headers() -> None:
    async def test() -> None:
        requests = []

        def answering(connection: ServerConnection, request: Request) -> None:
            requests.append(request)

        query = {"market": "BTC-PERP", "note": "a b&c"}
        headers = {"Authorization": "Bearer 1", "Origin": "https://dex.example"}
        async with a_client(Seen(), answering=answering, query=query, headers=headers) as client:
            await client.connect()
            assert client.channel == "market.BTC-PERP"
        (request,) = requests
        assert request.path == "/prod?market=BTC-PERP&note=a%20b%26c"
        sent = {name: request.headers.get_all(name) for name in ("User-Agent", *headers)}
        assert sent == {
            "User-Agent": ["fanout-harness/1 (client alice)"],
            "Authorization": ["Bearer 1"],
            "Origin": ["https://dex.example"],
        }
        assert "Sec-WebSocket-Extensions" not in request.headers

    run(test())


def test_a_header_of_the_scenario_replaces_our_own() -> None:
    async def test() -> None:
        agents = []

        def answering(connection: ServerConnection, request: Request) -> None:
            agents.extend(request.headers.get_all("User-Agent"))

        async with a_client(Seen(), answering=answering, headers={"user-agent": "a browser"}) as client:
            await client.connect()
        assert agents == ["a browser"]

    run(test())


def test_a_subprotocol_that_was_offered_may_be_chosen() -> None:
    async def test() -> None:
        offered = {"Sec-WebSocket-Protocol": "feed.v1, feed.v2"}
        async with serve(listen, "127.0.0.1", 0, subprotocols=["feed.v2"]) as server:  # type: ignore[list-item]
            client = Client(
                "alice", url_of(server), feed=Feed(), clock=ManualClock(), note=Seen().note, headers=offered
            )
            assert await client.connect() is True
            await client.cut()

    run(test())


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param((HTTPStatus.FORBIDDEN, '{"message":"Forbidden"}'), '{"message":"Forbidden"}', id="body"),
        pytest.param((HTTPStatus.TOO_MANY_REQUESTS, ""), "Too Many Requests", id="no body"),
    ],
)
def test_a_refusal_is_noted_with_its_status_and_what_the_server_said(
    answer: tuple[HTTPStatus, str], expected: str
) -> None:
    async def test() -> None:
        seen = Seen()

        def answering(connection: ServerConnection, request: Request) -> Response:
            return connection.respond(*answer)

        async with a_client(seen, answering=answering) as client:
            assert await client.connect() is False
            assert await client.subscribe("market.BTC-PERP") is False
        assert seen.observations == [CONNECTING, ClientRefused(AT, "alice", answer[0].value, expected)]

    run(test())


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(b"", "connection closed while reading HTTP status line", id="closes at once"),
        pytest.param(
            b"SSH-2.0-OpenSSH_9.2\r\n",
            "invalid HTTP status line: SSH-2.0-OpenSSH_9.2",
            id="is no HTTP server",
        ),
        pytest.param(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: wrong\r\n\r\n",
            "101, but invalid Sec-WebSocket-Accept header: wrong",
            id="accepts wrongly",
        ),
    ],
)
def test_a_server_that_gives_no_valid_answer_is_a_refusal_without_status(answer: bytes, reason: str) -> None:
    async def test() -> None:
        seen = Seen()

        async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            writer.close()

        async with await asyncio.start_server(answering, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            client = Client(
                "alice", f"ws://127.0.0.1:{port}", feed=Feed(), clock=ManualClock(), note=seen.note
            )
            assert await client.connect() is False
            await client.cut()
        assert seen.observations == [CONNECTING, ClientRefused(AT, "alice", 0, reason)]

    run(test())


def test_a_server_that_never_answers_is_given_up() -> None:
    async def test() -> None:
        seen = Seen()
        with socket.create_server(("127.0.0.1", 0)) as silent:  # the kernel accepts, nobody reads
            url = f"ws://127.0.0.1:{silent.getsockname()[1]}"
            client = Client("alice", url, feed=Feed(), clock=ManualClock(), note=seen.note, open_timeout=1.0)
            assert await client.connect() is False
            await client.cut()
        reason = "no answer to the opening handshake within 1 s"
        assert seen.observations == [CONNECTING, ClientRefused(AT, "alice", 0, reason)]

    run(test())


def test_a_port_where_nobody_listens_is_a_refusal_without_status() -> None:
    async def test() -> None:
        seen = Seen()
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        client = Client("alice", f"ws://127.0.0.1:{port}", feed=Feed(), clock=ManualClock(), note=seen.note)
        assert await client.connect() is False
        match seen.observations:
            case [ClientConnecting(), ClientRefused(at, "alice", 0, reason)]:
                assert (at, f"[Errno {errno.ECONNREFUSED}]" in reason) == (AT, True)
            case _:
                pytest.fail(f"unexpected: {seen.observations}")

    run(test())


def test_leaving_closes_with_1000_and_returns_when_the_connection_has_ended() -> None:
    async def test() -> None:
        seen, codes = Seen(), []

        async def serving(connection: ServerConnection) -> None:
            await listen(connection)
            codes.append(connection.close_code)

        async with a_client(seen, serving) as client:
            await client.connect()
            await client.leave()
            assert client.is_connected is False
            await client.leave()
        assert codes == [1000]
        assert seen.observations == [
            CONNECTING,
            CONNECTED,
            ClientLeft(AT, "alice"),
            ClientClosed(AT, "alice", 1000),
        ]

    run(test())


def test_a_server_that_does_not_answer_the_close_is_cut_off() -> None:
    async def test() -> None:
        seen, left = Seen(), asyncio.Event()

        async def serving(connection: ServerConnection) -> None:
            connection.transport.pause_reading()
            await left.wait()
            connection.transport.abort()

        async with a_client(seen, serving) as client:
            await client.connect()
            await client.leave(timeout=0.05)
            left.set()
        assert seen.observations[2:] == [ClientLeft(AT, "alice"), ClientClosed(AT, "alice", 1006)]

    run(test())


def test_vanishing_resets_the_connection() -> None:
    async def test() -> None:
        seen, ended = Seen(), asyncio.get_running_loop().create_future()

        async def serving(connection: ServerConnection) -> None:
            with pytest.raises(ConnectionClosedError) as closed:
                await connection.recv()
            ended.set_result(closed.value.__cause__)

        async with a_client(seen, serving) as client:
            await client.connect()
            client.vanish()
            client.vanish()
            assert isinstance(await ended, ConnectionResetError)
            await seen.until(ClientClosed)
        assert seen.observations == [
            CONNECTING,
            CONNECTED,
            ClientLeft(AT, "alice", vanished=True),
            ClientClosed(AT, "alice", 1006),
        ]

    run(test())


async def _close_politely(connection: ServerConnection) -> None:
    await connection.close(1001, "Going away")


async def _abort(connection: ServerConnection) -> None:
    connection.transport.abort()


async def _send_broken_text(connection: ServerConnection) -> None:
    await connection.send(b"\xff", text=True)
    await connection.wait_closed()


@pytest.mark.parametrize(
    ("serving", "closed"),
    [
        pytest.param(_close_politely, ClientClosed(AT, "alice", 1001, "Going away"), id="close frame"),
        pytest.param(_abort, ClientClosed(AT, "alice", 1006), id="no close frame"),
        pytest.param(
            _send_broken_text,
            ClientClosed(
                AT,
                "alice",
                1006,
                "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
            ),
            id="text that is not UTF-8",
        ),
    ],
)
def test_a_close_by_the_server_is_noted_once(serving: Serving, closed: ClientClosed) -> None:
    async def test() -> None:
        seen = Seen()
        async with a_client(seen, serving) as client:
            await client.connect()
            await seen.until(ClientClosed)
            assert await client.roundtrip(WAIT) is False
            assert await client.subscribe("market.BTC-PERP") is False
        assert seen.observations == [CONNECTING, CONNECTED, closed]

    run(test())


def test_a_roundtrip_ends_when_its_connection_does() -> None:
    async def test() -> None:
        ended = asyncio.Event()

        async def serving(connection: ServerConnection) -> None:
            connection.transport.pause_reading()
            await ended.wait()
            connection.transport.abort()

        async with a_client(Seen(), serving) as client:
            await client.connect()
            waiting = asyncio.create_task(client.roundtrip(WAIT))
            await asyncio.sleep(0)
            ended.set()
            assert await waiting is False

    run(test())


def test_a_roundtrip_without_pong_ends_after_its_timeout() -> None:
    async def test() -> None:
        ended = asyncio.Event()

        async def serving(connection: ServerConnection) -> None:
            connection.transport.pause_reading()
            await ended.wait()
            connection.transport.abort()

        async with a_client(Seen(), serving) as client:
            assert await client.roundtrip(WAIT) is False
            await client.connect()
            assert await client.roundtrip(0.01) is False
            ended.set()

    run(test())


def test_a_client_that_vanished_may_come_back_with_only_what_its_query_subscribes_to() -> None:
    async def test() -> None:
        seen = Seen()

        async def serving(connection: ServerConnection) -> None:
            await connection.send("welcome")
            await listen(connection)

        async with a_client(seen, serving) as client:
            await client.connect()
            await client.roundtrip(WAIT)
            await client.subscribe("market.BTC-PERP")
            client.vanish()
            assert await client.connect() is True
            await client.roundtrip(WAIT)
            assert (client.channel, client.messages) == (None, 2)
        welcome = MessageReceived(AT, "alice", "welcome")
        assert seen.observations[:9] == [
            CONNECTING,
            CONNECTED,
            welcome,
            SubscriptionSent(AT, "alice", "market.BTC-PERP"),
            ClientLeft(AT, "alice", vanished=True),
            ClientClosed(AT, "alice", 1006),
            CONNECTING,
            CONNECTED,
            welcome,
        ]

    run(test())


def test_connecting_twice_is_a_mistake_that_is_told() -> None:
    async def test() -> None:
        async with a_client(Seen()) as client:
            await client.connect()
            with pytest.raises(UsageError, match="client alice is connected: it must leave or vanish before"):
                await client.connect()

    run(test())


def test_a_connect_that_is_cancelled_leaves_no_connection_behind() -> None:
    async def test() -> None:
        asked, ended = asyncio.Event(), asyncio.Event()

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            asked.set()
            assert await reader.read() == b""
            writer.close()
            ended.set()

        async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            client = Client("alice", url, feed=Feed(), clock=ManualClock(), note=Seen().note)
            connecting = asyncio.create_task(client.connect())
            await asked.wait()
            connecting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await connecting
            await client.cut()
            await ended.wait()

    run(test())


def test_arrivals_are_stamped_by_the_clock_that_was_passed_in() -> None:
    async def test() -> None:
        seen, clock = Seen(), ManualClock()
        async with serve(listen, "127.0.0.1", 0) as server:
            client = Client("alice", url_of(server), feed=Feed(), clock=clock, note=seen.note)
            await client.connect()
            clock.advance(2.5)
            (connection,) = server.connections
            await connection.send("late")
            await client.roundtrip(WAIT)
            await client.cut()
        assert seen.observations[2] == MessageReceived(AT + 2.5, "alice", "late")

    run(test())


def test_a_tls_server_is_trusted_by_the_context_that_was_passed_in() -> None:
    authority = trustme.CA()
    ours, theirs = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(theirs)
    authority.configure_trust(ours)

    async def test() -> None:
        seen = Seen()
        async with serve(listen, "127.0.0.1", 0, ssl=theirs) as server:
            url = url_of(server, "wss")
            trusting = Client(
                "alice", url, feed=Feed(), clock=RealClock(), note=Seen().note, ssl_context=ours
            )
            assert await trusting.connect() is True
            assert await trusting.roundtrip(WAIT) is True
            await trusting.leave()
            doubting = Client("alice", url, feed=Feed(), clock=ManualClock(), note=seen.note)
            assert await doubting.connect() is False
        match seen.observations:
            case [ClientConnecting(), ClientRefused(_, "alice", 0, reason)]:
                assert "CERTIFICATE_VERIFY_FAILED" in reason
            case _:
                pytest.fail(f"unexpected: {seen.observations}")

    run(test())
