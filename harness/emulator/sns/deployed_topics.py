"""Topics and subscriptions that are deployed, read out of moto's backends."""

from typing import Any

import orjson

from harness.emulator.letters import service_of
from harness.emulator.moto_services import backend_of
from harness.emulator.sns.filter_policy import FilterPolicy, Scope
from harness.emulator.sns.retry_policy import AWS_SERVICES, InvalidDeliveryPolicy, RetryPolicy, http_policy
from harness.emulator.sns.topics import MESSAGE_BYTES, Subscription, Topic


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
