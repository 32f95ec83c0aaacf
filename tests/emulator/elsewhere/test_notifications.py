"""What a topic posts, and the event that a function gets of it."""

import json
from typing import Any

import pytest

from harness.emulator.elsewhere.notifications import Confirmation, Delivered, lambda_event, read_post

NOTIFICATION = {
    "Type": "Notification",
    "MessageId": "m-1",
    "TopicArn": "arn:aws:sns:us-east-1:000000000000:t",
    "Message": '{"price":1}',
    "Timestamp": "2025-10-06T12:00:00.123Z",
    "SignatureVersion": "2",
    "Signature": "c2ln",
    "SigningCertURL": "https://sns/cert.pem",
    "UnsubscribeURL": "https://sns/?Action=Unsubscribe",
}


def event_of(posted: dict[str, Any]) -> Any:
    post = read_post(json.dumps(posted).encode())
    assert isinstance(post, Delivered)
    return json.loads(lambda_event(post, "arn:subscription"))


@pytest.mark.aws("S-1", "S-2", "S-3", "S-5", "S-6", "S-7", "S-26")
def test_a_notification_becomes_the_event_of_lambda() -> None:
    assert event_of(NOTIFICATION) == {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": "arn:subscription",
                "Sns": {
                    "Type": "Notification",
                    "MessageId": "m-1",
                    "TopicArn": "arn:aws:sns:us-east-1:000000000000:t",
                    "Subject": None,
                    "Message": '{"price":1}',
                    "Timestamp": "2025-10-06T12:00:00.123Z",
                    "SignatureVersion": "1",
                    "Signature": "c2ln",
                    "SigningCertUrl": "https://sns/cert.pem",
                    "UnsubscribeUrl": "https://sns/?Action=Unsubscribe",
                    "MessageAttributes": {},
                },
            }
        ]
    }


@pytest.mark.aws("S-3", "S-4")
def test_attributes_have_the_types_of_lambda() -> None:
    attributes = {
        "kind": {"Type": "String", "Value": "depth"},
        "size": {"Type": "Number", "Value": "12.5"},
        "tags": {"Type": "String.Array", "Value": '["a"]'},
        "raw": {"Type": "Binary", "Value": "AAE="},
    }
    sns = event_of({**NOTIFICATION, "Subject": "depth", "MessageAttributes": attributes})["Records"][0]["Sns"]
    assert sns["Subject"] == "depth"
    assert sns["MessageAttributes"] == {
        "kind": {"Type": "String", "Value": "depth"},
        "size": {"Type": "String", "Value": "12.5"},
        "tags": {"Type": "String", "Value": '["a"]'},
        "raw": {"Type": "Binary", "Value": "AAE="},
    }


def test_a_topic_asks_for_confirmation_and_says_goodbye() -> None:
    asks = {"Type": "SubscriptionConfirmation", "TopicArn": "arn:topic", "Token": "t"}
    assert read_post(json.dumps(asks).encode()) == Confirmation("arn:topic", "t")
    assert read_post(b'{"Type":"UnsubscribeConfirmation"}') is None


@pytest.mark.parametrize("posted", [b"price 1", b'{"price":1}', b"[]", b'{"Type":"Notification"}'], ids=repr)
def test_anything_else_is_refused(posted: bytes) -> None:
    with pytest.raises(ValueError, match="this is no notification of SNS"):
        read_post(posted)
