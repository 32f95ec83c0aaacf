"""A crowd of simulated clients against a real WebSocket server on loopback."""

import asyncio
import resource
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from harness.clients.crowd import Crowd, Progress, allow_open_files
from harness.clock import ManualClock, RealClock
from harness.errors import BackendError
from harness.record.observation import (
    ClientClosed,
    ClientConnected,
    ClientConnecting,
    ClientLeft,
    ClientRefused,
    Observation,
    SubscriptionSent,
)
from harness.scenario.model import ClientGroup, Scenario
from tests.patience import WAIT

AT = 1000.0


class FeedServer:
    """Remembers what was asked of it; refuses a wrong token."""

    def __init__(self) -> None:
        self.handshakes: list[tuple[str, str | None]] = []
        self.messages: list[str] = []
        self.connected_now = self.connected_most = 0
        self.server: Server

    async def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        token = request.headers.get("Authorization")
        self.handshakes.append((request.path, token))
        self.connected_now += 1
        self.connected_most = max(self.connected_most, self.connected_now)
        await asyncio.sleep(0)
        self.connected_now -= 1
        return connection.respond(401, "") if token == "Bearer wrong" else None

    async def serve(self, connection: ServerConnection) -> None:
        async for message in connection:
            self.messages.append(str(message))

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{next(iter(self.server.sockets)).getsockname()[1]}/prod"


@asynccontextmanager
async def a_server() -> AsyncIterator[FeedServer]:
    feed_server = FeedServer()
    async with serve(
        feed_server.serve, "127.0.0.1", 0, process_request=feed_server.answer, close_timeout=1
    ) as feed_server.server:
        yield feed_server


def a_scenario(**groups: ClientGroup) -> Scenario:
    return Scenario(scenario="everybody receives", clients=groups)


def run(test: Coroutine[object, object, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(WAIT):
            await test

    asyncio.run(bounded())


def test_those_who_join_before_are_connected_and_subscribed_with_their_number_filled_in() -> None:
    async def test() -> None:
        seen: list[Observation] = []
        scenario = a_scenario(
            maker=ClientGroup(
                count=3,
                query={"traderId": "t-{n}"},
                headers={"Authorization": "Bearer {n}"},
                subscribe="trader.t-{n}",
            ),
            watcher=ClientGroup(query={"market": "BTC-PERP"}),
            latecomer=ClientGroup(joins="later"),
        )
        async with a_server() as server:
            async with Crowd(scenario, server.url, clock=ManualClock(), note=seen.append) as crowd:
                await crowd.gather_at_start()
                assert crowd.progress == Progress(clients=5, connected=4, subscribed=4, messages=0)
            assert crowd.progress == Progress(clients=5, connected=0, subscribed=0, messages=0)
        assert sorted(server.handshakes) == [
            ("/prod?market=BTC-PERP", None),
            ("/prod?traderId=t-1", "Bearer 1"),
            ("/prod?traderId=t-2", "Bearer 2"),
            ("/prod?traderId=t-3", "Bearer 3"),
        ]
        subscriptions = {one for one in seen if isinstance(one, SubscriptionSent)}
        assert subscriptions == {SubscriptionSent(AT, f"maker/{n}", f"trader.t-{n}") for n in (1, 2, 3)}
        assert Counter(type(one) for one in seen) == {
            ClientConnecting: 4,
            ClientConnected: 4,
            SubscriptionSent: 3,
            ClientLeft: 4,
            ClientClosed: 4,
        }

    run(test())


def test_a_refused_client_is_noted_and_does_not_subscribe() -> None:
    async def test() -> None:
        seen: list[Observation] = []
        scenario = a_scenario(
            intruder=ClientGroup(
                headers={"Authorization": "Bearer wrong"}, subscribe="trader.t-1", refused=401
            )
        )
        async with (
            a_server() as server,
            Crowd(scenario, server.url, clock=ManualClock(), note=seen.append) as crowd,
        ):
            await crowd.gather_at_start()
        assert server.messages == []
        assert seen == [
            ClientConnecting(AT, "intruder"),
            ClientRefused(AT, "intruder", 401, "Unauthorized"),
        ]

    run(test())


def test_gathering_keeps_to_the_number_that_may_connect_at_once() -> None:
    async def test() -> None:
        scenario = a_scenario(btc=ClientGroup(count=40))
        async with (
            a_server() as server,
            Crowd(
                scenario, server.url, clock=ManualClock(), note=list[Observation]().append, at_once=4
            ) as crowd,
        ):
            await crowd.gather_at_start()
            assert crowd.progress.connected == 40
            assert 1 <= server.connected_most <= 4

    run(test())


def test_each_client_does_what_the_timeline_says() -> None:
    async def test() -> None:
        seen: list[Observation] = []
        scenario = a_scenario(btc=ClientGroup(count=2, subscribe="market.BTC-PERP", joins="later"))
        async with (
            a_server() as server,
            Crowd(scenario, server.url, clock=ManualClock(), note=seen.append) as crowd,
        ):
            await crowd.gather_at_start()
            await crowd.connect("btc/1")
            await crowd.subscribe("btc/1", "market.ETH-PERP")
            await crowd.leave("btc/1")
            await crowd.connect("btc/2")
            crowd.vanish("btc/2")
        assert seen == [
            ClientConnecting(AT, "btc/1"),
            ClientConnected(AT, "btc/1"),
            SubscriptionSent(AT, "btc/1", "market.BTC-PERP"),
            SubscriptionSent(AT, "btc/1", "market.ETH-PERP"),
            ClientLeft(AT, "btc/1"),
            ClientClosed(AT, "btc/1", 1000),
            ClientConnecting(AT, "btc/2"),
            ClientConnected(AT, "btc/2"),
            SubscriptionSent(AT, "btc/2", "market.BTC-PERP"),
            ClientLeft(AT, "btc/2", vanished=True),
            ClientClosed(AT, "btc/2", 1006),
        ]

    run(test())


def test_a_client_that_should_have_been_refused_and_was_not_may_be_told_to_connect_again() -> None:
    async def test() -> None:
        seen: list[Observation] = []
        scenario = a_scenario(intruder=ClientGroup(refused=401))
        async with (
            a_server() as server,
            Crowd(scenario, server.url, clock=ManualClock(), note=seen.append) as crowd,
        ):
            await crowd.gather_at_start()
            await crowd.connect("intruder")
            assert seen == [ClientConnecting(AT, "intruder"), ClientConnected(AT, "intruder")]

    run(test())


def test_after_a_roundtrip_all_that_was_sent_before_has_arrived() -> None:
    async def test() -> None:
        scenario = a_scenario(btc=ClientGroup(count=30), absent=ClientGroup(joins="later"))
        async with (
            a_server() as server,
            Crowd(scenario, server.url, clock=ManualClock(), note=list[Observation]().append) as crowd,
        ):
            await crowd.gather_at_start()
            for connection in server.server.connections:
                for number in range(5):
                    await connection.send(f'{{"eventId":"e{number}"}}')
            assert await crowd.roundtrip(WAIT) is True
            assert crowd.progress.messages == 150

    run(test())


def test_a_roundtrip_with_nobody_there_has_nothing_to_wait_for() -> None:
    async def test() -> None:
        crowd = Crowd(a_scenario(), "ws://127.0.0.1:1", clock=ManualClock(), note=list[Observation]().append)
        assert await crowd.roundtrip(0.0) is True

    run(test())


def test_a_client_whose_pong_is_missing_makes_the_roundtrip_incomplete_and_is_cut_off_in_the_end() -> None:
    async def test() -> None:
        seen: list[Observation] = []
        scenario = a_scenario(btc=ClientGroup())
        async with a_server() as server:
            crowd = Crowd(scenario, server.url, clock=ManualClock(), note=seen.append)
            await crowd.gather_at_start()
            (connection,) = server.server.connections
            connection.transport.pause_reading()
            assert await crowd.roundtrip(0.01) is False
            await crowd.close(timeout=0.01)
            assert crowd.progress.connected == 0
            connection.transport.abort()
        assert seen[2:] == [ClientLeft(AT, "btc"), ClientClosed(AT, "btc", 1006)]

    run(test())


def test_an_error_inside_the_context_comes_out_as_it_is_and_everybody_has_left() -> None:
    async def test() -> None:
        seen: list[Observation] = []
        async with a_server() as server:
            with pytest.raises(KeyError, match="stranger"):
                async with Crowd(
                    a_scenario(btc=ClientGroup()), server.url, clock=RealClock(), note=seen.append
                ) as crowd:
                    await crowd.gather_at_start()
                    await crowd.connect("stranger")
        assert [one.code for one in seen if isinstance(one, ClientClosed)] == [1000]

    run(test())


@pytest.mark.parametrize(
    ("limits", "needed", "set_to"),
    [
        pytest.param((1024, 4096), 500, None, id="enough already"),
        pytest.param((1024, 4096), 3000, (3000, 4096), id="raised as far as needed"),
        pytest.param(
            (1024, resource.RLIM_INFINITY), 9000, (9000, resource.RLIM_INFINITY), id="no hard limit"
        ),
        pytest.param((resource.RLIM_INFINITY, resource.RLIM_INFINITY), 9000, None, id="no limit"),
    ],
)
def test_the_limit_of_open_files_is_raised_to_what_the_crowd_needs(
    monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int], needed: int, set_to: tuple[int, int] | None
) -> None:
    raised: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _, new: raised.append(new))
    allow_open_files(needed)
    assert raised == ([] if set_to is None else [set_to])


def test_a_machine_that_cannot_open_so_many_files_is_told_before_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 4096))
    with pytest.raises(BackendError, match="needs 5000 open files and this machine allows 4096"):
        allow_open_files(5000)


@pytest.mark.aws("Q-6")
def test_handshakes_are_spread_where_a_rate_is_given() -> None:
    async def scenario() -> None:
        clock, noted = RealClock(), list[Observation]()
        async with a_server() as server:
            began_at = clock.monotonic()
            crowd = Crowd(
                a_scenario(btc=ClientGroup(count=5)),
                server.url,
                clock=clock,
                note=noted.append,
                connects_per_second=50.0,
            )
            async with crowd:
                await crowd.gather_at_start()
        began = [one.at - began_at for one in noted if isinstance(one, ClientConnecting)]
        assert len(began) == 5
        assert all(at >= number / 50 for number, at in enumerate(began))

    run(scenario())
