"""A whole timeline with real sockets and threads; only AWS is small: a server that posts what SNS is given."""

import asyncio
from collections.abc import Callable, Mapping

from websockets.asyncio.server import ServerConnection, broadcast, serve

from harness.clients.crowd import Crowd
from harness.clients.play import play
from harness.clients.publisher import Publisher
from harness.clients.schedule import ConnectClient, LeaveClient, PublishEvent, VanishClient
from harness.clock import RealClock
from harness.record.observation import (
    ClientClosed,
    ClientConnected,
    ClientLeft,
    EventPublished,
    MessageReceived,
    Observation,
    Settled,
    SubscriptionSent,
)
from harness.scenario.model import ClientGroup, Scenario
from tests.patience import WAIT

TOPIC = "arn:aws:sns:us-east-1:000000000000:MarketUpdatesTopic"
TRADE: dict[str, object] = {"type": "trade", "market": "BTC-PERP"}
SCENARIO = Scenario(
    scenario="whoever is there receives",
    clients={
        "btc": ClientGroup(count=20, subscribe="market.BTC-PERP"),
        "late": ClientGroup(subscribe="market.BTC-PERP", joins="later"),
    },
)
ACTIONS = (
    PublishEvent(0.0, TRADE, "e1"),
    LeaveClient(0.1, "btc/1"),
    VanishClient(0.1, "btc/2"),
    ConnectClient(0.1, "late"),
    PublishEvent(0.2, TRADE, "e2"),
)


class SmallAws:
    """Posts every message to whoever is connected, in the event loop, and knows when it has done so."""

    def __init__(self, post: Callable[[str], None]) -> None:
        self._post = post
        self._loop = asyncio.get_running_loop()

    def publish(self, *, TopicArn: str, Message: str) -> Mapping[str, object]:  # noqa: N803 - AWS's names
        self._loop.call_soon_threadsafe(self._post, Message)
        return {"MessageId": f"{TopicArn}/1"}

    def get_topic_attributes(self, *, TopicArn: str) -> Mapping[str, object]:  # noqa: N803
        return {"Attributes": {"TopicArn": TopicArn}}


async def _listen(connection: ServerConnection) -> None:
    await connection.wait_closed()


async def _quiet(timeout: float) -> bool:
    """What was published was posted by then: the loop takes callbacks in order."""
    await asyncio.sleep(0)
    return timeout > 0


async def _play(seen: list[Observation]) -> None:
    clock = RealClock()
    async with serve(_listen, "127.0.0.1", 0, close_timeout=1) as server:
        aws = SmallAws(lambda text: broadcast(server.connections, text))
        url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/prod"
        publisher = Publisher(
            topic_arn=TOPIC,
            sns_client_factory=lambda: aws,
            feed=SCENARIO.feed,
            clock=clock,
            note=seen.append,
        )
        async with publisher, Crowd(SCENARIO, url, clock=clock, note=seen.append) as crowd:
            await play(
                SCENARIO,
                ACTIONS,
                crowd=crowd,
                publisher=publisher,
                quiet=_quiet,
                clock=clock,
                note=seen.append,
            )


def test_a_timeline_over_real_sockets_leaves_the_whole_story_in_order() -> None:
    seen = list[Observation]()
    asyncio.run(asyncio.wait_for(_play(seen), WAIT))

    kinds = [type(one) for one in seen]
    assert kinds.count(ClientConnected) == kinds.count(SubscriptionSent) == 21
    assert kinds.count(ClientLeft) == kinds.count(ClientClosed) == 21
    assert [(one.phase, one.complete) for one in seen if isinstance(one, Settled)] == [
        ("start", True),
        ("end", True),
    ]
    assert {one.client for one in seen if isinstance(one, MessageReceived) and one.event == "e1"} >= {
        f"btc/{number}" for number in range(3, 21)
    }
    for event in (one for one in seen if isinstance(one, EventPublished)):
        assert event.at >= event.intended_at
        arrivals = [one for one in seen if isinstance(one, MessageReceived) and one.event == event.event]
        assert all(one.at >= event.at and one.text == event.text for one in arrivals)
    start, end = (kinds.index(Settled), len(kinds) - 1 - kinds[::-1].index(Settled))
    assert {index > start for index, one in enumerate(seen) if isinstance(one, EventPublished)} == {True}
    assert {index < end for index, kind in enumerate(kinds) if kind is MessageReceived} == {True}
