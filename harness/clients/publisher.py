"""Publisher of matcher events: to SNS, at the times they are meant for.

A thread waits for the intended time and calls `publish`, so that neither boto3 stops the event loop nor a busy
event loop delays an event. When SNS takes longer than the gap between two events, the later one waits its turn
and keeps its intended time: the delay counts as latency, because to a user it is.
"""

import asyncio
import time
import zlib
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Protocol

import orjson
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from harness.clients.connection import Note
from harness.clock import Clock
from harness.errors import BackendError, UsageError
from harness.json_values import JsonObject
from harness.record.observation import EventPublished, PublishFailed
from harness.scenario.feed import Feed

SNS_CONFIG: Final = Config(
    tcp_keepalive=True,
    connect_timeout=5,
    read_timeout=15,
    retries={"mode": "standard", "total_max_attempts": 3},
)
"""How the publisher's SNS client should be configured, whatever the endpoint."""

_EVENTS_PER_SECOND = 100
"""What one thread publishes without falling behind when SNS takes 10 ms to answer, as AWS does."""
_MOST_THREADS = 4
"""A call costs boto3 0.7 ms of Python, so more threads only help where SNS is slow: they take turns otherwise."""


class SnsClient(Protocol):
    """The part of a boto3 SNS client that publishing needs."""

    def publish(self, *, TopicArn: str, Message: str) -> Mapping[str, object]: ...  # noqa: N803 - AWS's names

    def get_topic_attributes(self, *, TopicArn: str) -> Mapping[str, object]: ...  # noqa: N803


@dataclass(frozen=True, slots=True)
class _Message:
    intended_at: float
    event: str
    type: str
    channels: tuple[str, ...]
    text: str


class _Lane:
    """One thread with its own client: what is handed to it is published one after the other, in order."""

    def __init__(
        self,
        factory: Callable[[], SnsClient],
        topic_arn: str,
        clock: Clock,
        sleep: Callable[[float], None],
    ) -> None:
        self._factory, self._topic_arn, self._clock, self._sleep = factory, topic_arn, clock, sleep
        self._client: SnsClient | None = None
        self.thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="publisher")

    def open(self) -> None:
        """Makes the client and asks SNS for the topic, so that the first event finds the connection open."""
        self._client = self._factory()
        try:
            self._client.get_topic_attributes(TopicArn=self._topic_arn)
        except (BotoCoreError, ClientError) as error:
            raise BackendError(f"the topic {self._topic_arn} cannot be reached: {error}") from error

    def publish(self, message: _Message) -> EventPublished | PublishFailed:
        """Publishes at the intended time, or at once when that has passed."""
        if self._client is None:
            self._client = self._factory()
        while (early := message.intended_at - self._clock.monotonic()) > 0:
            self._sleep(early)
        at = self._clock.monotonic()
        try:
            answer = self._client.publish(TopicArn=self._topic_arn, Message=message.text)
        except (BotoCoreError, ClientError) as error:
            return PublishFailed(at, message.intended_at, message.event, str(error))
        return EventPublished(
            at,
            message.intended_at,
            message.event,
            message.type,
            message.channels,
            message.text,
            str(answer["MessageId"]),
        )


class Publisher:
    """Publishes to one topic from `threads` threads; events of one channel all go through the same one, in order.

    Without a topic (`topic_arn` is None) it takes no events.
    `sns_client_factory` makes a boto3 SNS client (see SNS_CONFIG), once per thread. What came of an event is noted
    in the event loop's thread. `sleep` is how a thread waits. An async context manager: opens and closes itself.

    An event that SNS refuses is noted as failed, and the next one is published all the same. After BackendError from
    `open` it is to be closed; once closed it takes nothing more.
    """

    def __init__(
        self,
        *,
        topic_arn: str | None,
        sns_client_factory: Callable[[], SnsClient],
        feed: Feed,
        clock: Clock,
        note: Note,
        threads: int = 1,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._feed, self._clock, self._note = feed, clock, note
        self._lanes = (
            ()
            if topic_arn is None
            else tuple(_Lane(sns_client_factory, topic_arn, clock, sleep) for _ in range(threads))
        )

    async def __aenter__(self) -> "Publisher":
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Makes the clients and their connections; BackendError when the topic cannot be reached.

        Without it the first event pays for both.
        """
        loop = asyncio.get_running_loop()
        for lane in self._lanes:  # one after the other: boto3 makes clients in one thread at a time only
            await loop.run_in_executor(lane.thread, lane.open)

    async def publish(self, payload: JsonObject, event_id: str, intended_at: float) -> None:
        """Publishes the event at `intended_at` (monotonic seconds), never earlier; returns when SNS has answered.

        May be called ahead of that time. Calls for one channel are published in the order of calling. The id is
        put into the payload where the feed keeps it, unless one is there. An event whose publishing is cancelled
        is noted as failed, so that none is lost without a trace. UsageError when there is no topic.
        """
        if not self._lanes:
            raise UsageError("nothing can be published: the stack has no topic")
        message = _message(self._feed, payload, event_id, intended_at)
        lane = self._lanes[_lane_number(message.channels, len(self._lanes))]
        loop = asyncio.get_running_loop()
        try:
            self._note(await loop.run_in_executor(lane.thread, lane.publish, message))
        except asyncio.CancelledError:
            now = self._clock.monotonic()
            self._note(PublishFailed(now, intended_at, event_id, "given up before SNS answered"))
            raise

    async def close(self) -> None:
        """Drops what has not been published yet and returns when the threads have ended."""
        for lane in self._lanes:
            lane.thread.shutdown(wait=False, cancel_futures=True)
        for lane in self._lanes:
            await asyncio.to_thread(lane.thread.shutdown)


def threads_for(intended: Sequence[float]) -> int:
    """How many threads keep up with events at these times (seconds, ascending): by the busiest second of them."""
    busiest = max(
        (bisect_left(intended, at + 1.0) - first for first, at in enumerate(intended)),
        default=0,
    )
    return min(_MOST_THREADS, max(1, -(-busiest // _EVENTS_PER_SECOND)))


def _message(feed: Feed, payload: JsonObject, event_id: str, intended_at: float) -> _Message:
    return _Message(
        intended_at=intended_at,
        event=event_id,
        type=feed.type_of(payload),
        channels=feed.channels_of(payload),
        text=orjson.dumps(feed.identified(payload, event_id)).decode(),
    )


def _lane_number(channels: tuple[str, ...], lanes: int) -> int:
    return zlib.crc32("".join(channels[:1]).encode()) % lanes
