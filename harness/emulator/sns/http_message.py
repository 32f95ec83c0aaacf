"""HTTP messages to subscribers: notifications and the messages of the handshake, headers and body.

https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html and its neighbours. The URLs in them lead to
this emulator: whoever follows them from outside AWS must arrive.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import urlencode

import orjson

from harness.emulator.aws_api.timestamps import iso_milliseconds
from harness.emulator.sns.envelope import Notification, attributes_json
from harness.emulator.sns.topics import Subscription

MessageType: TypeAlias = Literal["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]
_SIGNED_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_SIGNED_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A message before it is signed; `members` are those of its JSON, in order."""

    type: MessageType
    members: Mapping[str, object]

    def text_to_sign(self) -> str:
        """Names and values in the order of the names, a line each."""
        names = _SIGNED_NOTIFICATION if self.type == "Notification" else _SIGNED_CONFIRMATION
        return "".join(f"{name}\n{self.members[name]}\n" for name in names if name in self.members)


def notification_message(notification: Notification, endpoint: str) -> Unsigned:
    """A published message; `endpoint` is the emulator's address."""
    members: dict[str, object] = {
        "Type": "Notification",
        "MessageId": notification.message_id,
        "TopicArn": notification.topic_arn,
        "Message": notification.message,
        "Timestamp": iso_milliseconds(notification.published_at),
        "UnsubscribeURL": _url(endpoint, Action="Unsubscribe", SubscriptionArn=notification.subscription_arn),
    }
    if notification.subject:
        members["Subject"] = notification.subject
    if notification.attributes:
        members["MessageAttributes"] = attributes_json(notification.attributes)
    return Unsigned("Notification", members)


def confirmation_message(
    kind: Literal["SubscriptionConfirmation", "UnsubscribeConfirmation"],
    notification: Notification,
    token: str,
    endpoint: str,
) -> Unsigned:
    """What asks an endpoint to confirm: whoever visits its `SubscribeURL` subscribes, or takes that up again."""
    return Unsigned(
        kind,
        {
            "Type": kind,
            "MessageId": notification.message_id,
            "Token": token,
            "TopicArn": notification.topic_arn,
            "Message": notification.message,
            "SubscribeURL": _url(
                endpoint, Action="ConfirmSubscription", TopicArn=notification.topic_arn, Token=token
            ),
            "Timestamp": iso_milliseconds(notification.published_at),
        },
    )


def confirmation_text(
    kind: Literal["SubscriptionConfirmation", "UnsubscribeConfirmation"],
    topic_arn: str,
    subscription_arn: str,
) -> str:
    """The `Message` of a confirmation, in SNS's words."""
    if kind == "SubscriptionConfirmation":
        return (
            f"You have chosen to subscribe to the topic {topic_arn}.\n"
            "To confirm the subscription, visit the SubscribeURL included in this message."
        )
    return (
        f"You have chosen to deactivate subscription {subscription_arn}.\n"
        "To cancel this operation and restore the subscription, visit the SubscribeURL included in this message."
    )


def signed_body(unsigned: Unsigned, *, version: str, signature: str, certificate_url: str) -> bytes:
    """The JSON with its signature."""
    signed = {
        "SignatureVersion": version,
        "Signature": signature,
        "SigningCertURL": certificate_url,
    }
    return orjson.dumps({**unsigned.members, **signed})


def raw_body(notification: Notification) -> bytes:
    """The message itself (RawMessageDelivery)."""
    return notification.message.encode()


def headers(
    kind: MessageType, notification: Notification, subscription: Subscription
) -> tuple[tuple[str, str], ...]:
    """The header fields of the request, but for those of HTTP itself."""
    fields = [
        ("x-amz-sns-message-type", kind),
        ("x-amz-sns-message-id", notification.message_id),
        ("x-amz-sns-topic-arn", notification.topic_arn),
    ]
    if kind != "SubscriptionConfirmation":
        fields.append(("x-amz-sns-subscription-arn", subscription.arn))
    if kind == "Notification" and subscription.raw:
        fields.append(("x-amz-sns-rawdelivery", "true"))
    return (
        *fields,
        ("Content-Type", subscription.retry_policy.content_type),
        ("User-Agent", "Amazon Simple Notification Service Agent"),
    )


def _url(endpoint: str, **parameters: str) -> str:
    return f"{endpoint}/?{urlencode(parameters, safe=':')}"
