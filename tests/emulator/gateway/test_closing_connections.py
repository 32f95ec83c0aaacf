"""Ends of connections: clients that close, vanish, idle or break a limit, and the gateway that closes."""

import asyncio
import ssl
from typing import Any

import pytest
import trustme
from websockets.asyncio.client import connect
from websockets.frames import Frame, Opcode

from harness.emulator.gateway.configuration import GatewaySettings
from harness.emulator.gateway.quotas import Quotas
from harness.record.observation import ConnectionClosed, ConnectionOpened
from tests.emulator.gateway.served import (
    A_HANDSHAKE,
    WAIT,
    Event,
    a_post,
    a_post_to,
    closing_of,
    received,
    run,
    serving,
    told,
)


@pytest.mark.aws("M-18")
@pytest.mark.parametrize(
    ("code", "reason", "expected"),
    [
        pytest.param(1001, "", (1001, ""), id="X-3 a closed tab", marks=pytest.mark.aws("X-3")),
        pytest.param(4000, "bye", (4000, "bye"), id="X-3 code and reason", marks=pytest.mark.aws("X-3")),
        pytest.param(1000, "", (1000, ""), id="X-3 normal", marks=pytest.mark.aws("X-3")),
    ],
)
def test_disconnect_is_told_how_the_client_closed(code: int, reason: str, expected: tuple[int, str]) -> None:
    async def scenario() -> None:
        async with serving() as served:
            async with served.client() as client:
                await client.close(code, reason)
            await served.idle()
            assert [told(event) for event in served.functions.events_of("disconnect")] == [expected]
            gone = await served.error("post_to_connection", ConnectionId=served.connection_id(), Data=b"x")
            assert gone[:3] == ("GoneException", "", 410)

    run(scenario())


@pytest.mark.aws("X-2")
def test_client_that_closes_without_a_status_is_1005() -> None:
    async def scenario() -> None:
        async with serving() as served:
            async with served.client() as client:
                client.protocol.send_frame(Frame(Opcode.CLOSE, b""))
                client.transport.writelines(client.protocol.data_to_send())
                await served.until(lambda: served.gateway.open_connections() == 0)
            await served.idle()
            [event] = served.functions.events_of("disconnect")
            assert told(event) == (1005, "Client-side close frame status not set")

    run(scenario())


@pytest.mark.aws("7-5", assumed=True)
def test_reset_connection_is_1006() -> None:
    async def scenario() -> None:
        async with serving() as served:
            async with served.client() as client:
                client.transport.abort()
                await served.until(lambda: served.gateway.open_connections() == 0)
            await served.idle()
            assert [told(event) for event in served.functions.events_of("disconnect")] == [(1006, "")]

    run(scenario())


def test_client_that_is_gone_before_its_handshake_is_answered_is_disconnected() -> None:
    async def scenario() -> None:
        held, reached = asyncio.Event(), asyncio.Event()

        async def hold(event: Event) -> object:
            reached.set()
            await held.wait()
            return {"statusCode": 200}

        async with serving(connect=hold) as served:
            opening = asyncio.ensure_future(connect(served.url).__aenter__())
            await asyncio.wait_for(reached.wait(), WAIT)
            opening.cancel()
            await asyncio.wait_for(served.hung_up.wait(), WAIT)
            held.set()
            await served.until(lambda: served.functions.events_of("disconnect"))
            await served.idle()
            assert [told(event) for event in served.functions.events_of("disconnect")] == [(1006, "")]
            connection = served.connection_id()
            assert served.seen == [
                ConnectionOpened(1000.0, connection, None),
                ConnectionClosed(1000.0, connection, 1006),
            ]

    run(scenario())


@pytest.mark.parametrize("sent", [b"binary", "x" * 40_000])
def test_closing_codes_arrive_over_tls_too(sent: Any) -> None:
    authority = trustme.CA()
    accepted, trusted = (ssl.SSLContext(kind) for kind in (ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLS_CLIENT))
    authority.issue_cert("127.0.0.1").configure_cert(accepted)
    authority.configure_trust(trusted)

    async def scenario() -> None:
        async with serving(tls=accepted) as served, served.client(ssl=trusted) as client:
            assert a_post_to(served, served.connection_id(), a_post(b"hello")) == 200
            assert await received(client) == "hello"
            await client.send(sent)
            assert await closing_of(client) == (1003 if isinstance(sent, bytes) else 1009, "")
            await served.idle()

    run(scenario())


@pytest.mark.aws("7-9", assumed=True)
@pytest.mark.aws("X-6", "M-15")
def test_vanished_client_can_go_unnoticed_until_it_is_idle() -> None:
    async def scenario() -> None:
        async with serving(settings=GatewaySettings(lost_sockets="unnoticed")) as served:
            async with served.client() as client:
                client.transport.abort()
            posted = await served.call("post_to_connection", ConnectionId=served.connection_id(), Data=b"x")
            assert posted["ResponseMetadata"]["HTTPStatusCode"] == 200
            served.clock.advance(599.0)
            assert served.functions.events_of("disconnect") == []
            served.clock.advance(1.0)
            await served.idle()
            assert [told(event) for event in served.functions.events_of("disconnect")] == [
                (1001, "Going away")
            ]

    run(scenario())


@pytest.mark.aws("X-5", "Q-1")
def test_idle_connection_goes_away_after_ten_minutes() -> None:
    async def scenario() -> None:
        async with serving() as served, served.client() as client:
            served.clock.advance(599.0)
            await client.send('{"action":"send"}')
            await served.until(lambda: served.functions.events_of("send"))
            await served.idle()
            served.clock.advance(599.0)
            assert served.gateway.open_connections() == 1
            served.clock.advance(1.0)
            assert await closing_of(client) == (1001, "Going away")
            await served.idle()
            assert [told(event) for event in served.functions.events_of("disconnect")] == [
                (1001, "Going away")
            ]

    run(scenario())


@pytest.mark.aws("7-4", "Q-14", assumed=True)
@pytest.mark.aws("Q-2")
def test_busy_connection_goes_away_after_two_hours() -> None:
    async def scenario() -> None:
        async with serving() as served, served.client() as client:
            connection = served.connection_id()
            for _ in range(13):
                served.clock.advance(550.0)
                await served.call("post_to_connection", ConnectionId=connection, Data=b"x")
                assert await received(client) == "x"
            served.clock.advance(49.0)
            assert served.gateway.open_connections() == 1
            served.clock.advance(1.0)
            assert await closing_of(client) == (1001, "Going away")

    run(scenario())


@pytest.mark.aws("7-4", assumed=True)
@pytest.mark.parametrize(
    ("message", "code"),
    [
        pytest.param("x" * 32_769, 1009, id="Q-4 a frame over 32 KB", marks=pytest.mark.aws("Q-4")),
        pytest.param(
            ["x" * 32_768] * 4 + ["x"], 1009, id="Q-3 a message over 128 KB", marks=pytest.mark.aws("Q-3")
        ),
        pytest.param(b"binary", 1003, id="Q-5 a binary frame", marks=pytest.mark.aws("Q-5")),
    ],
)
def test_client_that_breaks_a_limit_is_closed(message: Any, code: int) -> None:
    async def scenario() -> None:
        async with serving() as served, served.client() as client:
            await client.send(message)
            assert await closing_of(client) == (code, "")
            await served.idle()
            assert served.functions.events_of("send") == []
            assert [told(event) for event in served.functions.events_of("disconnect")] == [(code, "")]

    run(scenario())


@pytest.mark.aws("X-1")
def test_disconnect_events_can_get_lost() -> None:
    async def scenario() -> None:
        async with serving() as served:
            served.gateway.configure(settings=GatewaySettings(disconnect_events="lost"))
            async with served.client():
                pass
            await served.until(lambda: served.gateway.open_connections() == 0)
            await served.idle()
            assert served.functions.events_of("disconnect") == []

    run(scenario())


@pytest.mark.aws("X-7")
def test_post_from_disconnect_to_its_own_connection_is_gone() -> None:
    async def scenario() -> None:
        errors: list[tuple[str, str, int, type[Exception]]] = []

        async with serving() as served:

            async def post(event: Event) -> object:
                connection = event["requestContext"]["connectionId"]
                errors.append(await served.error("post_to_connection", ConnectionId=connection, Data=b"x"))
                return {}

            served.functions.behaviours["disconnect"] = post
            async with served.client():
                pass
            await served.until(lambda: bool(served.functions.events_of("disconnect")))
            await served.idle()
            assert errors[0][:3] == ("GoneException", "", 410)

    run(scenario())


@pytest.mark.aws("Q-13")
def test_nothing_but_what_is_posted_is_sent_to_a_client_that_only_waits() -> None:
    async def scenario() -> None:
        async with serving() as served:
            reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
            writer.write(A_HANDSHAKE)
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), WAIT)
            served.clock.advance(599.0)
            await served.call("post_to_connection", ConnectionId=served.connection_id(), Data=b"first")
            frame = Frame(Opcode.TEXT, b"first").serialize(mask=False)
            assert await asyncio.wait_for(reader.readexactly(len(frame)), WAIT) == frame
            writer.close()

    run(scenario())


@pytest.mark.aws("Q-7")
def test_open_connections_are_not_counted_against_a_quota() -> None:
    async def scenario() -> None:
        async with serving(quotas=Quotas(handshake_rate=100.0, handshake_burst=100)) as served:
            clients = []
            for _ in range(3):
                clients += await asyncio.gather(*(connect(served.url, compression=None) for _ in range(80)))
                served.clock.advance(1.0)
            assert served.gateway.open_connections() == 240
            await asyncio.gather(*(client.close() for client in clients))

    run(scenario())


def test_closing_the_gateway_ends_connections_and_what_is_in_flight() -> None:
    async def scenario() -> None:
        async def hang(event: Event) -> object:
            return await asyncio.get_running_loop().create_future()

        async with serving(send=hang) as served, served.client() as client:
            await client.send('{"action":"send"}')
            await served.until(lambda: bool(served.functions.events_of("send")))
            closing = asyncio.ensure_future(served.gateway.close())
            assert await closing_of(client) == (1001, "Going away")
            await asyncio.wait_for(closing, WAIT)
            assert (served.gateway.in_flight(), served.gateway.open_connections()) == (0, 0)
            assert served.functions.events_of("disconnect") == []

    run(scenario())
