"""Notifications that a topic elsewhere posts to us, and the event that Lambda would get instead."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from harness.emulator.sns.envelope import LAMBDA_TYPES


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The topic asks whether the subscription is wanted; `token` says that it is."""

    topic_arn: str
    token: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message; `sns` is the member `Sns` of Lambda's event."""

    message_id: str
    sns: Mapping[str, Any]


def read_post(body: bytes) -> Confirmation | Delivered | None:
    """What was posted; None for what needs no answer (UnsubscribeConfirmation), ValueError for anything else."""
    try:
        posted = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ValueError("this is no notification of SNS: raw deliveries cannot reach a function") from error
    match posted:
        case {"Type": "SubscriptionConfirmation", "TopicArn": str(topic_arn), "Token": str(token)}:
            return Confirmation(topic_arn, token)
        case {"Type": "Notification", "MessageId": str(message_id)}:
            return Delivered(message_id, _sns(posted))
        case {"Type": "UnsubscribeConfirmation"}:
            return None
    raise ValueError("this is no notification of SNS")


def lambda_event(delivered: Delivered, subscription_arn: str) -> bytes:
    """The JSON of the invocation that delivers the message (S-1 to S-7)."""
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription_arn,
        "Sns": delivered.sns,
    }
    return orjson.dumps({"Records": [record]})


def _sns(posted: Mapping[str, Any]) -> Mapping[str, Any]:
    """Two names end in `Url`, what is not there is null or empty, and the version is always 1 (S-1 to S-5)."""
    return {
        "Type": "Notification",
        "MessageId": posted["MessageId"],
        "TopicArn": posted["TopicArn"],
        "Subject": posted.get("Subject"),
        "Message": posted["Message"],
        "Timestamp": posted["Timestamp"],
        "SignatureVersion": "1",
        "Signature": posted.get("Signature", ""),
        "SigningCertUrl": posted.get("SigningCertURL", ""),
        "UnsubscribeUrl": posted.get("UnsubscribeURL", ""),
        "MessageAttributes": {
            name: {"Type": LAMBDA_TYPES.get(one["Type"], one["Type"]), "Value": one["Value"]}
            for name, one in (posted.get("MessageAttributes") or {}).items()
        },
    }
