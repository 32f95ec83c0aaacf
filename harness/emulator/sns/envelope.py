"""Envelope of a notification, as a Lambda function gets it: one record per invocation, key for key (S-1 to S-7)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from harness.emulator.aws_api.timestamps import iso_milliseconds
from harness.emulator.letters import MessageAttribute


@dataclass(frozen=True, slots=True)
class Notification:
    """A published message on its way to a subscription. `published_at` is in seconds since the epoch."""

    message_id: str
    topic_arn: str
    subscription_arn: str
    message: str
    published_at: float
    subject: str | None = None
    attributes: Mapping[str, MessageAttribute] = field(default_factory=dict)


# Number and String.Array reach Lambda as String (S-4).
LAMBDA_TYPES = {"Number": "String", "String.Array": "String"}


def lambda_event(notification: Notification) -> bytes:
    """The JSON of the invocation that delivers this notification."""
    region = notification.topic_arn.split(":")[3]
    host = f"https://sns.{region}.amazonaws.com"
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": notification.subscription_arn,
        "Sns": {
            "Type": "Notification",
            "MessageId": notification.message_id,
            "TopicArn": notification.topic_arn,
            "Subject": notification.subject,
            "Message": notification.message,
            "Timestamp": iso_milliseconds(notification.published_at),
            # Always "1" for Lambda, even on topics that sign with version 2 (S-5).
            "SignatureVersion": "1",
            "Signature": "ZmFub3V0LWhhcm5lc3MgZG9lcyBub3Qgc2lnbg==",
            "SigningCertUrl": f"{host}/SimpleNotificationService-00000000000000000000000000000000.pem",
            "UnsubscribeUrl": f"{host}/?Action=Unsubscribe&SubscriptionArn={notification.subscription_arn}",
            "MessageAttributes": {
                name: {"Type": LAMBDA_TYPES.get(attribute.type, attribute.type), "Value": attribute.value}
                for name, attribute in notification.attributes.items()
            },
        },
    }
    return orjson.dumps({"Records": [record]})


def queue_body(notification: Notification, signature_version: str = "1") -> str:
    """The JSON that a queue gets: two names end in `URL`, and what is not there has no key (S-1)."""
    record = orjson.loads(lambda_event(notification))["Records"][0]["Sns"]
    shown = {
        **{
            name: record[name]
            for name in ("Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp")
        },
        "SignatureVersion": signature_version,
        "Signature": record["Signature"],
        "SigningCertURL": record["SigningCertUrl"],
        "UnsubscribeURL": record["UnsubscribeUrl"],
        "MessageAttributes": attributes_json(notification.attributes),
    }
    return orjson.dumps({name: value for name, value in shown.items() if value}).decode()


def attributes_json(attributes: Mapping[str, MessageAttribute]) -> dict[str, dict[str, str]]:
    """Message attributes as envelopes for queues and HTTP endpoints show them, with their own types."""
    return {name: {"Type": one.type, "Value": one.value} for name, one in attributes.items()}
