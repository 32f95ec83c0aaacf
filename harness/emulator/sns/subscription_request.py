"""Subscription requests: what Subscribe, SetSubscriptionAttributes and their like ask for, and SNS's own checks."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import orjson

from harness.emulator.sns.filter_policy import Scope
from harness.emulator.sns.filter_policy_limits import InvalidFilterPolicy, read_filter_policy
from harness.emulator.sns.publish import InvalidPublish
from harness.emulator.sns.retry_policy import InvalidDeliveryPolicy, http_policy
from harness.emulator.sns.topics import MESSAGE_BYTES, Topic
from harness.json_values import JsonObject

PROTOCOLS = ("http", "https", "email", "email-json", "sms", "sqs", "application", "lambda", "firehose")
NOT_EMULATED = ("sms", "application", "firehose")
CONFIRMED_BY_ITS_ENDPOINT = ("http", "https", "email", "email-json")
LARGE_MESSAGE_PROTOCOLS = ("lambda", "sqs", "firehose")
LEAST_MESSAGE_BYTES, MOST_MESSAGE_BYTES = 1_024, 1_048_576
MOST_SUBSCRIPTIONS_OF_LARGE = 100

_ENTRY = re.compile(r"Attributes\.entry\.(\d+)\.(key|value)")
_ATTRIBUTES = (
    "DeliveryPolicy",
    "FilterPolicy",
    "FilterPolicyScope",
    "RawMessageDelivery",
    "RedrivePolicy",
    "ReplayPolicy",
    "SubscriptionRoleArn",
)


class InvalidRequest(InvalidPublish):
    """The request is refused with `code`, and a message in SNS's words."""


def invalid(reason: str) -> InvalidRequest:
    """`InvalidParameter`, which most refusals are."""
    return InvalidRequest("InvalidParameter", f"Invalid parameter: {reason}")


@dataclass(frozen=True, slots=True)
class Subscribe:
    """A Subscribe that is well-formed; `attributes` are texts, as they were given."""

    topic_arn: str
    protocol: str
    endpoint: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    filter_policy: JsonObject | None = None
    return_arn: bool = False


def attributes_in(form: Mapping[str, str]) -> dict[str, str]:
    """The map `Attributes` of a Query request."""
    entries: dict[str, dict[str, str]] = {}
    for name, value in form.items():
        if match := _ENTRY.fullmatch(name):
            entries.setdefault(match[1], {})[match[2]] = value
    return {entry["key"]: entry.get("value", "") for entry in entries.values() if "key" in entry}


def parse_subscribe(form: Mapping[str, str]) -> Subscribe:
    """Raises InvalidRequest."""
    protocol, endpoint = form.get("Protocol", ""), form.get("Endpoint", "")
    if protocol not in PROTOCOLS:
        raise invalid(f"Amazon SNS does not support this protocol string: {protocol}")
    if protocol in ("http", "https") and not endpoint.startswith(f"{protocol}://"):
        raise invalid("Endpoint must match the specified protocol")
    if protocol in ("http", "https") and not _is_url(endpoint):
        raise invalid("Endpoint")  # Not recorded on AWS yet: the words for a URL that names no host.
    attributes = attributes_in(form)
    scope = scope_of(attributes.get("FilterPolicyScope", ""))
    try:
        for name, value in attributes.items():
            check_attribute(name, value)
        policy = filter_policy(attributes.get("FilterPolicy", ""), scope)
    except InvalidRequest as error:
        raise invalid(f"Attributes Reason: {error.message.removeprefix('Invalid parameter: ')}") from error
    return Subscribe(
        form.get("TopicArn", ""),
        protocol,
        endpoint,
        attributes,
        policy,
        form.get("ReturnSubscriptionArn", "").lower() == "true",
    )


def _is_url(endpoint: str) -> bool:
    """Whether it names a host, and a port that can be one."""
    try:
        parts = urlsplit(endpoint)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def check_attribute(name: str, value: str) -> None:
    """Whether a subscription has such an attribute, and may have it with this value; raises InvalidRequest."""
    match name:
        case _ if name not in _ATTRIBUTES:
            raise invalid("AttributeName")
        case "FilterPolicyScope":
            scope_of(value)
        case "RawMessageDelivery" if value.lower() not in ("true", "false"):
            raise invalid(f"RawMessageDelivery: Invalid value [{value}]. Must be true or false.")
        case "RedrivePolicy" if value:
            _check_redrive_policy(value)
        case "DeliveryPolicy":
            check_delivery_policy(value)


def check_delivery_policy(value: str) -> None:
    """Raises InvalidRequest."""
    try:
        http_policy(value)
    except InvalidDeliveryPolicy as error:
        raise invalid(str(error)) from error


def scope_of(value: str) -> Scope:
    """The FilterPolicyScope that a text means, "" for SNS's own; raises InvalidRequest."""
    match value:
        case "" | "MessageAttributes":
            return "MessageAttributes"
        case "MessageBody":
            return "MessageBody"
    raise invalid(
        f"FilterPolicyScope: Invalid value [{value}]. Please use either MessageBody or MessageAttributes"
    )


def filter_policy(text: str, scope: Scope) -> JsonObject | None:
    """The FilterPolicy that a text holds, None for "" and `{}`; raises InvalidRequest."""
    if not text:
        return None
    try:
        return read_filter_policy(text, scope) or None
    except InvalidFilterPolicy as error:
        raise invalid(str(error)) from error


def _check_redrive_policy(text: str) -> None:
    try:
        policy = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise invalid("RedrivePolicy: failed to parse JSON.") from error
    if not isinstance(policy, dict) or ":sqs:" not in str(policy.get("deadLetterTargetArn")):
        raise invalid("RedrivePolicy: deadLetterTargetArn is an invalid arn")


# --- topics -----------------------------------------------------------------------------------------------


def check_topic_attribute(name: str, value: str, topic: Topic | None) -> None:
    """Whether a topic, None for a new one, may have this attribute; raises InvalidRequest."""
    match name:
        case "MaximumMessageSize":
            _check_message_size(value, topic)
        case "SignatureVersion" if value not in ("1", "2"):
            raise invalid(f"SignatureVersion: Invalid value [{value}]. Must be 1 or 2.")
        case "DeliveryPolicy":
            check_delivery_policy(value)


def _check_message_size(value: str, topic: Topic | None) -> None:
    # Not recorded on AWS yet: the words of the refusals that are about MaximumMessageSize.
    if not re.fullmatch(r"\d{1,9}", value, re.ASCII) or not (
        LEAST_MESSAGE_BYTES <= int(value) <= MOST_MESSAGE_BYTES
    ):
        raise invalid("MaximumMessageSize must be an integer from 1024 to 1048576")
    if topic is None or int(value) <= MESSAGE_BYTES:
        return
    if any(one not in LARGE_MESSAGE_PROTOCOLS for one in topic.protocols):
        raise invalid("MaximumMessageSize above 262144 needs subscriptions of Lambda, SQS and Firehose only")
    if len(topic.protocols) > MOST_SUBSCRIPTIONS_OF_LARGE:
        raise invalid("MaximumMessageSize above 262144 allows 100 subscriptions")


def check_new_subscription(asked: Subscribe, topic: Topic) -> None:
    """Whether a topic of large messages takes one more subscription (S-25); raises InvalidRequest."""
    if topic.maximum_message_size <= MESSAGE_BYTES:
        return
    if asked.protocol not in LARGE_MESSAGE_PROTOCOLS:
        raise invalid(
            f"Protocol {asked.protocol} is not supported by topics with MaximumMessageSize above 262144"
        )
    if len(topic.protocols) >= MOST_SUBSCRIPTIONS_OF_LARGE:
        raise invalid("a topic with MaximumMessageSize above 262144 has at most 100 subscriptions")
