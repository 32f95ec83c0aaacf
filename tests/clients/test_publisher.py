"""Publishing matcher events through a fake SNS client, on a clock that a thread's waiting turns."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping

import orjson
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from harness.clients.publisher import Publisher, SnsClient, threads_for
from harness.clock import ManualClock
from harness.errors import BackendError
from harness.record.observation import EventPublished, Observation, PublishFailed
from harness.scenario.feed import Feed
from tests.patience import WAIT

TOPIC = "arn:aws:sns:us-east-1:000000000000:MarketUpdatesTopic"
AT = 1000.0


class FakeSns:
    """Accepts every message, unless an error is to be raised; each call takes `takes` seconds of the clock."""

    def __init__(
        self, clock: ManualClock | None = None, *, takes: float = 0.0, error: Exception | None = None
    ) -> None:
        self.messages: list[tuple[str, str]] = []
        self.topics_asked_for: list[str] = []
        self.error = error
        self._clock, self._takes = clock, takes

    def publish(self, *, TopicArn: str, Message: str) -> Mapping[str, object]:  # noqa: N803 - AWS's names
        if self._clock is not None:
            self._clock.advance(self._takes)
        if self.error is not None:
            raise self.error
        self.messages.append((TopicArn, Message))
        return {"MessageId": f"m{len(self.messages)}"}

    def get_topic_attributes(self, *, TopicArn: str) -> Mapping[str, object]:  # noqa: N803
        if self.error is not None:
            raise self.error
        self.topics_asked_for.append(TopicArn)
        return {"Attributes": {}}


def run(test: Coroutine[object, object, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(WAIT):
            await test

    asyncio.run(bounded())


def a_publisher(
    sns: SnsClient | Callable[[], SnsClient],
    seen: list[Observation],
    clock: ManualClock | None = None,
    *,
    threads: int = 1,
) -> Publisher:
    clock = clock or ManualClock()
    return Publisher(
        topic_arn=TOPIC,
        sns_client_factory=sns if callable(sns) else lambda: sns,
        feed=Feed(),
        clock=clock,
        note=seen.append,
        threads=threads,
        sleep=clock.advance,
    )


def published(event: str, text: str, *, at: float = AT, intended_at: float = AT) -> EventPublished:
    return EventPublished(at, intended_at, event, "trade", ("market.BTC-PERP",), text, f"m{event[1:]}")


def test_an_event_is_published_with_its_id_and_noted_with_its_type_and_channels() -> None:
    async def test() -> None:
        sns, seen = FakeSns(), list[Observation]()
        async with a_publisher(sns, seen) as publisher:
            await publisher.publish({"type": "trade", "market": "BTC-PERP"}, "e1", AT)
        text = '{"type":"trade","market":"BTC-PERP","eventId":"e1"}'
        assert sns.topics_asked_for == [TOPIC]
        assert sns.messages == [(TOPIC, text)]
        assert seen == [published("e1", text)]

    run(test())


def test_an_id_that_the_payload_has_stays() -> None:
    async def test() -> None:
        sns = FakeSns()
        async with a_publisher(sns, []) as publisher:
            await publisher.publish({"eventId": "own", "type": "trade"}, "own", AT)
        assert sns.messages == [(TOPIC, '{"eventId":"own","type":"trade"}')]

    run(test())


def test_nothing_is_published_before_its_time() -> None:
    async def test() -> None:
        clock, seen = ManualClock(), list[Observation]()
        async with a_publisher(FakeSns(), seen, clock) as publisher:
            await publisher.publish({"type": "trade", "market": "BTC-PERP"}, "e1", AT + 0.25)
        text = '{"type":"trade","market":"BTC-PERP","eventId":"e1"}'
        assert seen == [published("e1", text, at=AT + 0.25, intended_at=AT + 0.25)]

    run(test())


def test_events_that_wait_for_a_slow_sns_keep_their_order_and_their_intended_times() -> None:
    async def test() -> None:
        clock, seen = ManualClock(), list[Observation]()
        async with a_publisher(FakeSns(clock, takes=1.0), seen, clock) as publisher:
            payload = {"type": "trade", "market": "BTC-PERP"}
            await asyncio.gather(
                *(publisher.publish(payload, f"e{n}", AT + 0.25 * n) for n in (1, 2, 3)),
            )
        times = [(one.event, one.at, one.intended_at) for one in seen if isinstance(one, EventPublished)]
        assert times == [
            ("e1", AT + 0.25, AT + 0.25),
            ("e2", AT + 1.25, AT + 0.5),
            ("e3", AT + 2.25, AT + 0.75),
        ]

    run(test())


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(
            ClientError({"Error": {"Code": "NotFound", "Message": "Topic does not exist"}}, "Publish"),
            "An error occurred (NotFound) when calling the Publish operation: Topic does not exist",
            id="SNS refuses",
        ),
        pytest.param(
            EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
            'Could not connect to the endpoint URL: "http://127.0.0.1:1"',
            id="SNS is not there",
        ),
    ],
)
def test_an_event_that_sns_does_not_accept_is_noted_as_failed(error: Exception, said: str) -> None:
    async def test() -> None:
        sns, seen = FakeSns(), list[Observation]()
        async with a_publisher(sns, seen) as publisher:
            sns.error = error
            await publisher.publish({"type": "trade"}, "e1", AT - 1.0)
        assert seen == [PublishFailed(AT, AT - 1.0, "e1", said)]

    run(test())


def test_a_topic_that_cannot_be_reached_is_told_before_the_first_event() -> None:
    async def test() -> None:
        error = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
        publisher = a_publisher(FakeSns(error=error), [])
        with pytest.raises(BackendError, match="MarketUpdatesTopic cannot be reached: Could not connect"):
            await publisher.open()
        await publisher.close()

    run(test())


def test_an_event_that_is_given_up_leaves_a_trace() -> None:
    async def test() -> None:
        clock, seen = ManualClock(), list[Observation]()
        started, go_on = threading.Event(), threading.Event()

        class HangingSns(FakeSns):
            def publish(self, *, TopicArn: str, Message: str) -> Mapping[str, object]:  # noqa: N803
                started.set()
                go_on.wait(WAIT)
                return super().publish(TopicArn=TopicArn, Message=Message)

        sns = HangingSns()
        publisher = a_publisher(sns, seen, clock)
        hanging = asyncio.create_task(publisher.publish({"type": "trade"}, "e1", AT))
        waiting = asyncio.create_task(publisher.publish({"type": "trade"}, "e2", AT))
        await asyncio.to_thread(started.wait, WAIT)
        for publishing in (hanging, waiting):
            publishing.cancel()
        await asyncio.wait((hanging, waiting))
        go_on.set()
        await publisher.close()
        assert seen == [
            PublishFailed(AT, AT, "e1", "given up before SNS answered"),
            PublishFailed(AT, AT, "e2", "given up before SNS answered"),
        ]
        assert [orjson.loads(text)["eventId"] for _, text in sns.messages] == ["e1"]

    run(test())


def test_each_thread_has_its_own_client_and_a_channel_keeps_to_one_thread() -> None:
    async def test() -> None:
        seen = list[Observation]()
        clients: list[FakeSns] = []

        def new_client() -> FakeSns:
            clients.append(FakeSns())
            return clients[-1]

        async with a_publisher(new_client, seen, threads=3) as publisher:
            for number in range(30):
                market = f"M{number % 10}"
                await publisher.publish({"type": "trade", "market": market}, f"e{number:02}", AT)
        events = [[orjson.loads(text) for _, text in client.messages] for client in clients]
        assert [client.topics_asked_for for client in clients] == [[TOPIC]] * 3
        assert all(of_one_thread for of_one_thread in events)
        assert sum(map(len, events)) == len(seen) == 30
        markets = [{event["market"] for event in of_one_thread} for of_one_thread in events]
        assert sum(map(len, markets)) == 10
        for of_one_thread in events:
            ids = [event["eventId"] for event in of_one_thread]
            assert ids == sorted(ids)

    run(test())


@pytest.mark.parametrize(
    ("intended", "threads"),
    [
        pytest.param([], 1, id="nothing to publish"),
        pytest.param([0.0, 5.0, 10.0], 1, id="few"),
        pytest.param([0.0] * 100 + [1.0] * 100, 1, id="as many as one thread publishes"),
        pytest.param([0.0] * 50 + [0.75] * 51, 2, id="one more"),
        pytest.param([n / 50 for n in range(100)] + [5 + n / 150 for n in range(300)], 2, id="a busy second"),
        pytest.param([0.0] * 5000, 4, id="more than any number of threads publishes"),
    ],
)
def test_the_busiest_second_decides_how_many_threads_publish(intended: list[float], threads: int) -> None:
    assert threads_for(intended) == threads
