"""Times in the envelope, and the envelope of queues; that of functions is pinned by the contract suite."""

import orjson
import pytest

from harness.emulator.aws_api.timestamps import iso_milliseconds
from harness.emulator.letters import MessageAttribute
from harness.emulator.sns.envelope import Notification, queue_body


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (1_700_000_000.0, "2023-11-14T22:13:20.000Z"),
        (1_700_000_000.123, "2023-11-14T22:13:20.123Z"),
        (1_700_000_000.9999997, "2023-11-14T22:13:20.999Z"),
        (0.001, "1970-01-01T00:00:00.001Z"),
    ],
    ids=["a whole second", "milliseconds", "just before the next second", "the first millisecond"],
)
@pytest.mark.aws("S-6")
def test_times_are_cut_to_milliseconds(at: float, expected: str) -> None:
    assert iso_milliseconds(at) == expected


TOPIC = "arn:aws:sns:us-east-1:000000000000:t"


@pytest.mark.aws("S-1")
def test_the_envelope_of_a_queue_has_only_what_is_there() -> None:
    bare = Notification("m", TOPIC, f"{TOPIC}:s", "x", 1_700_000_000.0)
    full = Notification(
        "m", TOPIC, f"{TOPIC}:s", "x", 1_700_000_000.0, "depth", {"n": MessageAttribute("Number", "1")}
    )
    host = "https://sns.us-east-1.amazonaws.com/"
    shown = {
        "Type": "Notification",
        "MessageId": "m",
        "TopicArn": TOPIC,
        "Message": "x",
        "Timestamp": "2023-11-14T22:13:20.000Z",
        "SignatureVersion": "1",
        "Signature": "ZmFub3V0LWhhcm5lc3MgZG9lcyBub3Qgc2lnbg==",
        "SigningCertURL": f"{host}SimpleNotificationService-00000000000000000000000000000000.pem",
        "UnsubscribeURL": f"{host}?Action=Unsubscribe&SubscriptionArn={TOPIC}:s",
    }
    assert orjson.loads(queue_body(bare)) == shown
    assert orjson.loads(queue_body(full)) == {
        **shown,
        "Subject": "depth",
        "MessageAttributes": {"n": {"Type": "Number", "Value": "1"}},
    }
