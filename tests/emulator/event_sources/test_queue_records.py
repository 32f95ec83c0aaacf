"""Messages as functions see them."""

import json

from harness.emulator.event_sources.queue_records import ids_of, record_of
from harness.emulator.letters import MessageAttribute
from harness.emulator.sqs.message import Message
from tests.emulator.event_sources.mappings import QUEUE_ARN


def test_message_becomes_a_record() -> None:
    message = Message("id-1", "handle", "hello", "md5", {"SenderId": "me", "ApproximateReceiveCount": "1"})
    assert record_of(message, QUEUE_ARN) == {
        "messageId": "id-1",
        "receiptHandle": "handle",
        "body": "hello",
        "attributes": {"SenderId": "me", "ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "md5OfBody": "md5",
        "eventSource": "aws:sqs",
        "eventSourceARN": QUEUE_ARN,
        "awsRegion": "us-east-1",
    }


def test_message_attributes_are_shown_with_their_types_and_digest() -> None:
    attributes = {"n": MessageAttribute("Number", "1"), "b": MessageAttribute("Binary.png", "AAE=")}
    record = record_of(Message("id", "handle", "x", "md5", {}, attributes, "md5-too"), QUEUE_ARN)

    assert record["md5OfMessageAttributes"] == "md5-too"
    assert record["messageAttributes"] == {
        "n": {"stringValue": "1", "stringListValues": [], "binaryListValues": [], "dataType": "Number"},
        "b": {
            "binaryValue": "AAE=",
            "stringListValues": [],
            "binaryListValues": [],
            "dataType": "Binary.png",
        },
    }


def test_invocation_is_for_the_messages_of_the_queue_and_for_what_was_published() -> None:
    envelope = json.dumps({"Type": "Notification", "MessageId": "of-sns", "TopicArn": "arn:t"})
    bodies = [envelope, "plain", '"TopicArn"', '{"TopicArn": "arn:t", "Type": "other"}', '{"TopicArn"']
    messages = [Message(f"m{number}", "", body, "") for number, body in enumerate(bodies)]

    assert ids_of(messages) == ("m0", "of-sns", "m1", "m2", "m3", "m4")
