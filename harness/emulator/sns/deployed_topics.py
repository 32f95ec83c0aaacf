"""Which topics, subscriptions and queues are deployed? Read out of moto's backends, and written to where SNS does."""

import base64
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

import orjson

from harness.emulator.letters import service_of
from harness.emulator.moto_services import ServiceException, backend_of
from harness.emulator.sns.endpoints import Delivered, Delivery, Ending, QueueMessage, Refused, queue_message
from harness.emulator.sns.filter_policy import FilterPolicy, Scope
from harness.emulator.sns.metrics import Datum, Key
from harness.emulator.sns.retry_policy import AWS_SERVICES, InvalidDeliveryPolicy, RetryPolicy, http_policy
from harness.emulator.sns.topics import MESSAGE_BYTES, Subscription, Topic

T = TypeVar("T")


class Run(Protocol):
    """Runs work in the thread where moto's state may be changed."""

    def __call__(self, work: Callable[[], T]) -> Awaitable[T]: ...


def topic_of(topic_arn: str) -> Topic | None:
    """The topic with its confirmed subscriptions; None when there is no such topic."""
    backend: Any = sns_backend(topic_arn)
    of_moto = None if backend is None else backend.topics.get(topic_arn)
    if of_moto is None:
        return None
    every = [one for one in list(backend.subscriptions.values()) if one.topic.arn == topic_arn]
    return Topic(
        topic_arn,
        tuple(subscription_of(one) for one in every if not is_pending(one)),
        tuple(one.protocol for one in every),
        int(getattr(of_moto, "maximum_message_size", MESSAGE_BYTES)),
        str(getattr(of_moto, "signature_version", "1")),
    )


def sns_backend(arn: str) -> object | None:
    """moto's SNS of the region in an ARN, None for what is no ARN of SNS."""
    match arn.split(":"):
        case ["arn", _, "sns", region, _, *_]:
            return backend_of("sns", region)
    return None


def subscription_of(of_moto: Any) -> Subscription:
    """A subscription of moto's as a value."""
    return Subscription(
        of_moto.arn,
        of_moto.protocol,
        of_moto.endpoint,
        _filter_policy(of_moto),
        _dead_letter_queue(of_moto),
        of_moto.attributes.get("RawMessageDelivery") is True,
        _retry_policy(of_moto),
    )


def is_pending(of_moto: Any) -> bool:
    """Whether its endpoint has yet to confirm it."""
    return of_moto.attributes.get("PendingConfirmation") is True


def _filter_policy(of_moto: Any) -> FilterPolicy | None:
    """The filter policy as it is set, None without one."""
    policy = of_moto._filter_policy
    scope: Scope = of_moto.attributes.get("FilterPolicyScope") or "MessageAttributes"
    return FilterPolicy(policy, scope) if policy else None


def _dead_letter_queue(of_moto: Any) -> str:
    """The queue in the redrive policy, "" for none and for a policy that names no queue (S-18)."""
    try:
        policy = orjson.loads(of_moto.attributes.get("RedrivePolicy") or "{}")
    except orjson.JSONDecodeError:
        return ""
    target = str(policy.get("deadLetterTargetArn", "")) if isinstance(policy, dict) else ""
    return target if service_of(target) == "sqs" else ""


def _retry_policy(of_moto: Any) -> RetryPolicy:
    """A subscription's own policy, else its topic's, else AWS's for HTTP; AWS's for its services."""
    if of_moto.protocol not in ("http", "https"):
        return AWS_SERVICES
    try:
        return http_policy(of_moto.attributes.get("DeliveryPolicy") or of_moto.topic.delivery_policy)
    except InvalidDeliveryPolicy:  # checked where it is set, but for what CloudFormation writes itself
        return http_policy("")


class QueueEndpoints:
    """Puts messages into moto's queues."""

    def __init__(self, run: Run) -> None:
        self._run = run

    async def send(self, delivery: Delivery) -> Ending:
        """One attempt."""
        message = queue_message(delivery)
        if isinstance(message, Refused):
            return message
        return await self._run(lambda: _put(message))


def _put(message: QueueMessage) -> Ending:
    _, _, _, region, _, name = message.queue_arn.split(":")
    backend: Any = backend_of("sqs", region)
    if backend is None or name not in backend.queues:
        return Refused(f"no queue {message.queue_arn}")
    try:
        backend.send_message(
            name,
            message.body,
            message_attributes={key: _of_moto(one) for key, one in message.attributes.items()},
            deduplication_id=message.deduplication_id,
            group_id=message.group_id,
            validate_group_id=False,
        )
    except ServiceException as error:
        return Refused(f"{message.queue_arn} took no message: {error}")
    return Delivered()


def _of_moto(attribute: Mapping[str, object]) -> dict[str, object]:
    """A message attribute as moto's queues hold it: binary as bytes."""
    binary = attribute.get("BinaryValue")
    return dict(attribute) if binary is None else {**attribute, "BinaryValue": base64.b64decode(str(binary))}


def put_metrics(data: Mapping[Key, Datum]) -> None:
    """Hands SNS's metrics to moto's CloudWatch."""
    for key, datum in data.items():
        _, _, _, region, _, topic = key.topic_arn.split(":")
        backend: Any = backend_of("cloudwatch", region)
        statistics = {
            "Sum": datum.sum,
            "Minimum": datum.least,
            "Maximum": datum.most,
            "SampleCount": datum.count,
        }
        backend.put_metric_data(
            "AWS/SNS",
            [
                {
                    "MetricName": key.metric,
                    "Dimensions": [{"Name": "TopicName", "Value": topic}],
                    "Timestamp": datetime.fromtimestamp(key.at, UTC).replace(tzinfo=None),  # as moto compares
                    "Unit": "Bytes" if key.metric == "PublishSize" else "Count",
                    "StatisticValues": statistics,
                }
            ],
        )
