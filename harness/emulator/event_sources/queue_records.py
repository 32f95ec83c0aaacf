"""Records of a queue: the event that a function gets, one record per message, key for key.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html, and captures of AWS.
"""

from collections.abc import Iterable

import orjson

from harness.emulator.letters import MessageAttribute
from harness.emulator.sqs.message import Message


def record_of(message: Message, source_arn: str) -> dict[str, object]:
    """The message as a record of the queue with this ARN."""
    record: dict[str, object] = {
        "messageId": message.message_id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": dict(message.attributes),
        "messageAttributes": {name: _attribute(one) for name, one in message.message_attributes.items()},
    }
    if message.md5_of_attributes:
        record["md5OfMessageAttributes"] = message.md5_of_attributes
    return record | {
        "md5OfBody": message.md5_of_body,
        "eventSource": "aws:sqs",
        "eventSourceARN": source_arn,
        "awsRegion": source_arn.split(":")[3],
    }


def ids_of(messages: Iterable[Message]) -> tuple[str, ...]:
    """The queue's ids of the messages, each with that of SNS, if it was published and came in SNS's envelope."""
    return tuple(found for one in messages for found in (one.message_id, _sns_message_id(one.body)) if found)


def _attribute(attribute: MessageAttribute) -> dict[str, object]:
    kind = "binaryValue" if attribute.type.startswith("Binary") else "stringValue"
    return {
        kind: attribute.value,
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": attribute.type,
    }


def _sns_message_id(body: str) -> str:
    if '"TopicArn"' not in body:
        return ""
    try:
        envelope = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    is_envelope = isinstance(envelope, dict) and envelope.get("Type") == "Notification"
    return str(envelope.get("MessageId", "")) if is_envelope else ""
