"""Delivery of published messages to a topic's subscriptions.

Topics and subscriptions are moto's; a publish and what follows from it are ours: functions are invoked
asynchronously (S-9), every other protocol is moto's to deliver.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from random import Random
from uuid import UUID

from harness.clock import Clock
from harness.emulator.aws_errors import aws_error, not_emulated
from harness.emulator.http import Request, Response
from harness.emulator.lambda_runtime.outcome import Cause, Functions, NoSuchFunction
from harness.emulator.letters import Letter
from harness.emulator.sns.envelope import MessageAttribute, Notification, lambda_event, queue_body
from harness.emulator.sns.filter_policy import FilterPolicy
from harness.emulator.sns.publish import (
    InvalidPublish,
    Publication,
    form_of,
    parse_publish,
    parse_publish_batch,
    publish_answer,
    publish_batch_answer,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A confirmed subscription. `forward` delivers a publication for protocols that are not ours, or is refused.

    `dead_letter_queue` is the ARN in its redrive policy, "" without one (S-18).
    """

    arn: str
    protocol: str
    endpoint: str
    filter_policy: FilterPolicy | None
    forward: Callable[[Publication, str], None]
    dead_letter_queue: str = ""


class DeliveryRefused(Exception):
    """The endpoint of a subscription is not there: a client-side error, never retried (S-17)."""


Subscriptions = Callable[[str], Iterable[Subscription] | None]
"""The subscriptions of a topic ARN; None when there is no such topic."""


class SnsDelivery:
    """Answers Publish and PublishBatch, and delivers."""

    def __init__(
        self,
        *,
        subscriptions: Subscriptions,
        functions: Functions,
        run_elsewhere: Callable[[Callable[[], None]], object],
        clock: Clock,
        random: Random,
        redrive: Callable[[Letter], None] = lambda _: None,
    ) -> None:
        """`redrive` delivers to the dead-letter queues of subscriptions, from any thread."""
        self._redrive = redrive
        self._subscriptions = subscriptions
        self._functions = functions
        self._run_elsewhere = run_elsewhere
        self._clock = clock
        self._random = random

    def publish(self, request: Request) -> Response:
        """Publish: answered as soon as the message is on its way."""
        try:
            form = form_of(request)
            if "PhoneNumber" in form:
                return not_emulated("sns", "Publish to a PhoneNumber")
            publication = parse_publish(form)
            return publish_answer(self.deliver(publication), self._uuid())
        except InvalidPublish as invalid:
            return _refusal(invalid)

    def publish_batch(self, request: Request) -> Response:
        """PublishBatch: each entry is a message of its own and its own invocations (S-7)."""
        try:
            batch = parse_publish_batch(form_of(request))
            accepted = {publication.entry_id: self.deliver(publication) for publication in batch}
            return publish_batch_answer(accepted, self._uuid())
        except InvalidPublish as invalid:
            return _refusal(invalid)

    def deliver(self, publication: Publication) -> str:
        """Sends the message on its way and returns its id; InvalidPublish when there is no such topic."""
        subscriptions = self._subscriptions(publication.topic_arn)
        if subscriptions is None:
            raise InvalidPublish("NotFound", "Topic does not exist")
        message_id = self._uuid()
        for subscription in subscriptions:
            if _lets_through(subscription, publication):
                self._deliver_to(subscription, publication, message_id)
        return message_id

    def _deliver_to(self, subscription: Subscription, publication: Publication, message_id: str) -> None:
        notification = Notification(
            message_id=message_id,
            topic_arn=publication.topic_arn,
            subscription_arn=subscription.arn,
            message=publication.message_for(subscription.protocol),
            published_at=self._clock.time(),
            subject=publication.subject,
            attributes=publication.attributes,
        )
        if subscription.protocol == "lambda":
            self._invoke(subscription, notification)
        else:
            self._run_elsewhere(lambda: self._forward(subscription, publication, notification))

    def _invoke(self, subscription: Subscription, notification: Notification) -> None:
        outcome = self._functions.invoke_event(
            subscription.endpoint,
            lambda_event(notification),
            cause=Cause(messages=(notification.message_id,)),
        )
        if isinstance(outcome, NoSuchFunction):
            log.warning("SNS subscription %s: no function %s", subscription.arn, subscription.endpoint)
            self._undelivered(subscription, notification)

    def _forward(
        self, subscription: Subscription, publication: Publication, notification: Notification
    ) -> None:
        try:
            subscription.forward(publication, notification.message_id)
        except DeliveryRefused as refused:
            log.warning("SNS subscription %s: %s", subscription.arn, refused)
            self._undelivered(subscription, notification)

    def _undelivered(self, subscription: Subscription, notification: Notification) -> None:
        """To the dead-letter queue at once: client-side errors are not retried (S-17, S-18)."""
        if subscription.dead_letter_queue:
            # Not recorded on AWS yet: what a redriven message looks like; ours is a queue's envelope, without
            # message attributes, for raw deliveries too.
            self._redrive(Letter(subscription.dead_letter_queue, queue_body(notification)))

    def _uuid(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))


def _lets_through(subscription: Subscription, publication: Publication) -> bool:
    policy = subscription.filter_policy
    message = publication.message_for(subscription.protocol)
    return policy is None or policy.lets_through(publication.attributes, message)


def as_moto(attributes: Mapping[str, MessageAttribute]) -> dict[str, dict[str, str]]:
    """Message attributes as moto holds them."""
    return {
        name: {"Type": attribute.type, "Value": attribute.value} for name, attribute in attributes.items()
    }


def _refusal(invalid: InvalidPublish) -> Response:
    return aws_error("sns", 404 if invalid.code == "NotFound" else 400, invalid.code, invalid.message)
