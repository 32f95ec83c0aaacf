"""Delivery of published messages to a topic's subscriptions.

Topics and subscriptions are moto's; a publish and what follows from it are ours: one matcher for every protocol,
functions invoked asynchronously (S-9), queues and HTTP endpoints by `endpoints`, retries by the delivery policies.

    publish -> deliver -> _begin (waits, duplicates) -> _attempt -> _ended (retried, redriven, counted)
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from random import Random
from typing import assert_never
from uuid import UUID

from harness.clock import Clock, TimerHandle
from harness.emulator.aws_api.errors import aws_error, not_emulated
from harness.emulator.lambda_runtime.outcome import Cause, Functions, NoSuchFunction
from harness.emulator.letters import Letter
from harness.emulator.port.http import Request, Response
from harness.emulator.sns.behaviour import SnsSettings, waits
from harness.emulator.sns.endpoints import Delivered, Delivery, Ending, Failed, Refused, Send
from harness.emulator.sns.envelope import Notification, lambda_event, queue_body
from harness.emulator.sns.filter_changes import FilterChanges
from harness.emulator.sns.filter_policy import Rejection
from harness.emulator.sns.metrics import SnsMetrics
from harness.emulator.sns.publish import (
    InvalidPublish,
    Publication,
    form_of,
    parse_publish,
    parse_publish_batch,
    publish_answer,
    publish_batch_answer,
    size,
    topic_arn_of,
)
from harness.emulator.sns.topics import MESSAGE_BYTES, Subscription, Topic, TopicOf

SOON = 1.0
"""Seconds: a retry that comes so soon is on its way, one that comes later is nobody's to wait for."""

log = logging.getLogger(__name__)


class SnsDelivery:
    """Answers Publish and PublishBatch, and delivers.

    `idle` is set while nothing is on its way; what waits long for a retry is not counted. `metrics` counts for
    CloudWatch.

    A request that is refused is a response, and delivers nothing; `deliver` raises InvalidPublish instead. What an
    endpoint does is retried or redriven, and raises nothing.
    """

    def __init__(
        self,
        *,
        topic_of: TopicOf,
        functions: Functions,
        send: Mapping[str, Send],
        clock: Clock,
        random: Random,
        redrive: Callable[[Letter], None] = lambda _: None,
    ) -> None:
        """`send` makes one attempt, by protocol; `redrive` delivers to the dead-letter queues of subscriptions."""
        self._topic_of, self._functions, self._send = topic_of, functions, send
        self._redrive = redrive
        self._clock = clock
        self._random = self._chance = random
        self._settings = SnsSettings({})
        self._tasks: set[asyncio.Task[None]] = set()
        self._retries: dict[TimerHandle, str] = {}
        self._on_its_way = 0
        self.idle = asyncio.Event()
        self.idle.set()
        self.metrics = SnsMetrics()
        self._filter_changes = FilterChanges()

    @property
    def settings(self) -> SnsSettings:
        """How topics behave now."""
        return self._settings

    def configure(self, settings: SnsSettings) -> None:
        """Sets how topics behave from now on; what is on its way goes on as it began."""
        self._settings = settings
        if settings.seed is not None:
            self._chance = Random(settings.seed)  # noqa: S311 - chance that can be had again

    def filter_changed(self, subscription: Subscription) -> None:
        """The filter policy of `subscription`, which is as it was until now, is changed."""
        topic_arn = subscription.arn.rpartition(":")[0]
        delay = self._settings.of(topic_arn).filter_delay
        now = self._clock.monotonic()
        self._filter_changes.changed(subscription.arn, subscription.filter_policy, at=now, delay=delay)

    def in_flight(self) -> int:
        """Deliveries that are on their way, or wait for their delay."""
        return self._on_its_way

    def publish(self, request: Request) -> Response:
        """Publish: answered as soon as the message is on its way."""
        try:
            form = form_of(request)
            if "PhoneNumber" in form:
                return not_emulated("sns", "Publish to a PhoneNumber")
            publication = parse_publish(form, most=self._most(form))
            return publish_answer(self.deliver(publication), self._uuid())
        except InvalidPublish as invalid:
            return _refusal(invalid)

    def publish_batch(self, request: Request) -> Response:
        """PublishBatch: each entry is a message of its own and its own invocations (S-7)."""
        try:
            form = form_of(request)
            batch = parse_publish_batch(form, most=self._most(form))
            accepted = {publication.entry_id: self.deliver(publication) for publication in batch}
            return publish_batch_answer(accepted, self._uuid())
        except InvalidPublish as invalid:
            return _refusal(invalid)

    def _most(self, form: Mapping[str, str]) -> int:
        topic = self._topic_of(topic_arn_of(form))
        return MESSAGE_BYTES if topic is None else topic.maximum_message_size

    def deliver(self, publication: Publication) -> str:
        """Sends the message on its way and returns its id; InvalidPublish when there is no such topic."""
        topic = self._topic_of(publication.topic_arn)
        if topic is None:
            raise InvalidPublish("NotFound", "Topic does not exist")
        message_id = self._uuid()
        self._count(topic, "NumberOfMessagesPublished")
        self._count(topic, "PublishSize", size(publication))
        for subscription in topic.subscriptions:
            if (rejection := self._rejection(topic, subscription, publication)) is not None:
                self._count(topic, "NumberOfNotificationsFilteredOut")
                self._count(topic, f"NumberOfNotificationsFilteredOut-{rejection}")
                continue
            self._begin(self._delivery(topic, subscription, publication, message_id))
        return message_id

    def _rejection(
        self, topic: Topic, subscription: Subscription, publication: Publication
    ) -> Rejection | None:
        """Why the filter policy in force keeps the message from the subscription, None when it does not."""
        policy = self._filter_changes.in_force(
            subscription.arn,
            subscription.filter_policy,
            at=self._clock.monotonic(),
            delay=self._settings.of(topic.arn).filter_delay,
        )
        message = publication.message_for(subscription.protocol)
        return None if policy is None else policy.rejection(publication.attributes, message)

    def _delivery(
        self, topic: Topic, subscription: Subscription, publication: Publication, message_id: str
    ) -> Delivery:
        notification = Notification(
            message_id=message_id,
            topic_arn=publication.topic_arn,
            subscription_arn=subscription.arn,
            message=publication.message_for(subscription.protocol),
            published_at=self._clock.time(),
            subject=publication.subject,
            attributes=publication.attributes,
        )
        return Delivery(topic, subscription, publication, notification)

    # --- one delivery, from its beginning to its end ----------------------------------------------------------

    def _begin(self, delivery: Delivery) -> None:
        """Once, or more often, and now or later, as the topic's behaviour has it."""
        for wait in waits(self._settings.of(delivery.topic.arn), self._chance.random):
            self._started()
            if wait:
                self._clock.call_later(wait, lambda: self._attempt(delivery, 1))
            else:
                self._attempt(delivery, 1)

    def confirm(self, delivery: Delivery) -> None:
        """Sends a message of the handshake with an HTTP endpoint on its way."""
        self._started()
        self._attempt(delivery, 1)

    def _retry_in(self, delay: float, delivery: Delivery, number: int) -> None:
        def retry() -> None:
            del self._retries[timer]
            self._retry(delivery, number)

        timer = self._clock.call_later(delay, retry)
        self._retries[timer] = delivery.subscription.endpoint

    def forget_retries(self) -> tuple[str, ...]:
        """Gives up deliveries that wait long for their next attempt; the endpoint of each."""
        given_up = tuple(sorted(self._retries.values()))
        for timer in self._retries:
            timer.cancel()
        self._retries.clear()
        return given_up

    def _retry(self, delivery: Delivery, number: int) -> None:
        self._started()
        self._attempt(delivery, number)

    def _attempt(self, delivery: Delivery, number: int) -> None:
        """The attempt of this number, from 1 on."""
        failures = self._settings.of(delivery.topic.arn).failures
        send = self._send.get(delivery.subscription.protocol)
        if failures and self._chance.random() < failures:
            self._ended(delivery, number, Failed("its service failed, as the topic's behaviour asks"))
        elif delivery.subscription.protocol == "lambda":
            self._ended(delivery, number, self._invoke(delivery))
        elif send is not None:
            self._run(self._sending(send, delivery, number))
        else:
            self._ended(delivery, number, Refused(f"{delivery.subscription.protocol} is not emulated"))

    async def _sending(self, send: Send, delivery: Delivery, number: int) -> None:
        self._ended(delivery, number, await send(delivery))

    def _invoke(self, delivery: Delivery) -> Ending:
        outcome = self._functions.invoke_event(
            delivery.subscription.endpoint,
            lambda_event(delivery.notification),
            cause=Cause(messages=(delivery.notification.message_id,)),
        )
        if isinstance(outcome, NoSuchFunction):
            return Refused(f"no function {delivery.subscription.endpoint}")
        return Delivered()

    def _ended(self, delivery: Delivery, number: int, ending: Ending) -> None:
        match ending:
            case Delivered():
                self._count_delivery(delivery, "NumberOfNotificationsDelivered")
            case Refused(why):
                self._undelivered(delivery, why)
            case Failed(why):
                self._failed(delivery, number, why)
            case _:
                assert_never(ending)
        self._on_its_way -= 1
        if not self._on_its_way:
            self.idle.set()

    def _failed(self, delivery: Delivery, number: int, why: str) -> None:
        delay = delivery.subscription.retry_policy.delay(number)
        if delay is None:
            self._undelivered(delivery, why)
        elif delay <= SOON:
            self._started()
            self._clock.call_later(delay, lambda: self._attempt(delivery, number + 1))
        else:
            self._retry_in(delay, delivery, number + 1)

    def _undelivered(self, delivery: Delivery, why: str) -> None:
        """To the dead-letter queue, after the last attempt or at once for what is not retried (S-17, S-18)."""
        log.warning("SNS subscription %s: %s", delivery.subscription.arn, why)
        if delivery.type != "Notification":
            return
        self._count(delivery.topic, "NumberOfNotificationsFailed")
        if delivery.subscription.dead_letter_queue:
            # Not recorded on AWS yet: what a redriven message looks like; ours is a queue's envelope, without
            # message attributes, for raw deliveries too.
            body = queue_body(delivery.notification, delivery.topic.signature_version)
            origin = delivery.notification.message_id
            self._redrive(Letter(delivery.subscription.dead_letter_queue, body, origin=origin))
            self._count(delivery.topic, "NumberOfNotificationsRedrivenToDlq")

    def _count_delivery(self, delivery: Delivery, metric: str) -> None:
        if delivery.type == "Notification":
            self._count(delivery.topic, metric)

    def _count(self, topic: Topic, metric: str, value: float = 1.0) -> None:
        self.metrics.count(topic.arn, metric, self._clock.time(), value)

    def _started(self) -> None:
        self._on_its_way += 1
        self.idle.clear()

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Gives up what is on its way."""
        self.forget_retries()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _uuid(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))


def _refusal(invalid: InvalidPublish) -> Response:
    return aws_error("sns", 404 if invalid.code == "NotFound" else 400, invalid.code, invalid.message)
