"""How SNS delivers where AWS promises nothing: asked of the embedded backend, seen through boto3."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from harness.backends.embedded import EmbeddedBackend
from harness.errors import UsageError
from tests.patience import WAIT
from tests.small_api import an_emulator


class Topic:
    """A topic with one queue, on an emulator of its own."""

    def __init__(self, runner: asyncio.Runner, backend: EmbeddedBackend) -> None:
        self._runner, self._backend = runner, backend
        sns: Any = backend.client("sns")
        sqs: Any = backend.client("sqs")
        self._sns, self._sqs = sns, sqs
        self.arn = sns.create_topic(Name="t")["TopicArn"]
        self._queue = sqs.create_queue(QueueName="q")["QueueUrl"]
        self.subscription = sns.subscribe(
            TopicArn=self.arn,
            Protocol="sqs",
            Endpoint="arn:aws:sqs:us-east-1:000000000000:q",
            Attributes={"RawMessageDelivery": "true"},
        )["SubscriptionArn"]

    def behaves(self, **behaviour: object) -> None:
        self.set({"seed": 1, "topics": {"t": behaviour}})

    def set(self, configuration: Mapping[str, object]) -> None:
        self._runner.run(self._backend.set_sns(configuration))

    def filter(self, policy: object) -> None:
        self._sns.set_subscription_attributes(
            SubscriptionArn=self.subscription, AttributeName="FilterPolicy", AttributeValue=json.dumps(policy)
        )

    def publish(self, message: str) -> None:
        attributes = {"k": {"DataType": "String", "StringValue": message}}
        self._sns.publish(TopicArn=self.arn, Message=message, MessageAttributes=attributes)

    def got(self) -> list[str]:
        """What the queue has, once nothing is in flight."""
        assert self._runner.run(self._backend.quiet(WAIT))
        taken: list[str] = []
        while messages := self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            taken += [message["Body"] for message in messages]
        return taken


@pytest.fixture
def topic() -> Iterator[Topic]:
    with an_emulator() as (backend, runner):
        yield Topic(runner, backend)


@pytest.mark.aws("S-8")
def test_a_queue_gets_duplicates_and_what_was_published_later_first(topic: Topic) -> None:
    topic.behaves(duplicates=1, reorder=1, reorder_window=0.5)
    topic.publish("first")
    topic.behaves()
    topic.publish("second")

    assert topic.got() == ["second", "first", "first"]


@pytest.mark.aws("S-22")
def test_a_changed_filter_policy_takes_effect_late(topic: Topic) -> None:
    topic.filter({"k": ["before"]})
    topic.behaves(filter_delay=900)
    topic.filter({"k": ["after"]})
    for message in ("before", "after"):
        topic.publish(message)
    late = topic.got()
    topic.behaves()
    for message in ("before", "after"):
        topic.publish(message)

    assert (late, topic.got()) == (["before"], ["after"])


@pytest.mark.aws("S-17")
def test_a_service_that_fails_now_and_then_gets_every_message_in_the_end(topic: Topic) -> None:
    topic.behaves(failures=0.1)
    sent = [str(number) for number in range(20)]
    for message in sent:
        topic.publish(message)

    assert sorted(topic.got()) == sorted(sent)


def test_what_cannot_be_is_a_usage_error(topic: Topic) -> None:
    with pytest.raises(UsageError, match="sns: t: duplicates cannot be 2"):
        topic.behaves(duplicates=2)
