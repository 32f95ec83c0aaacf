"""Claims about what a function gets of what is published to a topic (section 2)."""

from dataclasses import dataclass

from harness.parity.claim import Area
from harness.parity.claims.connections import refused
from harness.parity.doors import Doors, Event, Recorded
from harness.parity.shapes import named

SNS = Area("SNS envelope")
_claim = SNS.claim


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A topic of its own with the recording function's subscription."""

    doors: Doors
    topic_arn: str
    subscription_arn: str

    def publish(self, **message: object) -> str:
        """Publishes and returns the message id."""
        return str(self.doors.client("sns").publish(TopicArn=self.topic_arn, **message)["MessageId"])

    def next_event(self) -> Recorded:
        """The next event that the function gets of this topic; NoAnswer when none comes."""
        return self.doors.recordings.first(self.is_ours, "no event of the topic")

    def is_ours(self, one: Recorded) -> bool:
        """Whether the event is of this topic."""
        return any(record.get("TopicArn") == self.topic_arn for record in records(one.event))

    def named(self, value: object, message_id: str) -> object:
        """The value with this topic's own ARNs and the message's id replaced by what they are."""
        names = {self.topic_arn: "<this topic>", self.subscription_arn: "<this subscription>"}
        return named(value, names | {message_id: "<the published id>"})


def records(event: Event) -> list[Event]:
    """The `Sns` parts of an event; none for an event of anything else."""
    return [one.get("Sns") or {} for one in event.get("Records") or []]


def subscribed(doors: Doors, **attributes: str) -> Subscribed:
    """A topic, and a subscription of the recording function with these attributes."""
    function_arn = doors.full.function_arn
    topic_arn = doors.make("sns", "create_topic", Name=doors.name("topic"))["TopicArn"]
    subscription_arn = doors.make(
        "sns",
        "subscribe",
        TopicArn=topic_arn,
        Protocol="lambda",
        Endpoint=function_arn,
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    return Subscribed(doors, topic_arn, subscription_arn)


def _envelope(**fields: object) -> object:
    message: dict[str, object] = {
        "Type": "Notification",
        "MessageId": "<the published id>",
        "TopicArn": "<this topic>",
        "Subject": None,
        "Message": '{"price":1}',
        "Timestamp": "<ISO time>",
        "SignatureVersion": "1",
        "Signature": "<base64>",
        "SigningCertUrl": "<certificate URL>",
        "UnsubscribeUrl": "<unsubscribe URL>",
        "MessageAttributes": {},
    }
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": "<this subscription>",
        "Sns": message | fields,
    }
    return {"Records": [record]}


@_claim(
    "a message with subject and attributes arrives in exactly AWS's envelope",
    *("S-1", "S-5", "S-6", "S-26"),
    aws=_envelope(Subject="depth", MessageAttributes={"kind": {"Type": "String", "Value": "depth"}}),
)
def _whole(doors: Doors) -> object:
    topic = subscribed(doors)
    kind = {"DataType": "String", "StringValue": "depth"}
    published = topic.publish(Message='{"price":1}', Subject="depth", MessageAttributes={"kind": kind})
    return topic.named(topic.next_event().event, published)


@_claim("without subject and attributes the envelope has null and {}", "S-1", "S-2", "S-3", aws=_envelope())
def _least(doors: Doors) -> object:
    topic = subscribed(doors)
    published = topic.publish(Message='{"price":1}')
    return topic.named(topic.next_event().event, published)


@_claim(
    "attributes of numbers and lists arrive as String, and binary ones as base64",
    "S-4",
    aws={
        "size": {"Type": "String", "Value": "12.5"},
        "tags": {"Type": "String", "Value": '["a"]'},
        "raw": {"Type": "Binary", "Value": "AAE="},
    },
)
def _attribute_types(doors: Doors) -> object:
    topic = subscribed(doors)
    attributes = {
        "size": {"DataType": "Number", "StringValue": "12.5"},
        "tags": {"DataType": "String.Array", "StringValue": '["a"]'},
        "raw": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
    }
    topic.publish(Message="x", MessageAttributes=attributes)
    (message,) = records(topic.next_event().event)
    return message.get("MessageAttributes")


@_claim(
    "a batch of three is three invocations with one record each",
    "S-7",
    aws={"records": [1, 1, 1], "messages": ["m0", "m1", "m2"]},
)
def _batch(doors: Doors) -> object:
    topic = subscribed(doors)
    entries = [{"Id": f"e{number}", "Message": f"m{number}"} for number in range(3)]
    doors.client("sns").publish_batch(TopicArn=topic.topic_arn, PublishBatchRequestEntries=entries)
    events = [topic.next_event().event for _ in entries]
    messages = [str(message.get("Message")) for event in events for message in records(event)]
    return {"records": [len(event["Records"]) for event in events], "messages": sorted(messages)}


@_claim(
    "a message of more than 256 KB is 400 InvalidParameter",
    "S-24",
    aws={"status": 400, "code": "InvalidParameter", "class": "InvalidParameterException"},
)
def _too_long(doors: Doors) -> object:
    topic = subscribed(doors)
    return refused(doors.client("sns").publish, TopicArn=topic.topic_arn, Message="x" * 262_145)


@_claim("a batch of more than ten is refused", "S-27", aws=400)
def _batch_of_eleven(doors: Doors) -> object:
    topic = subscribed(doors)
    entries = [{"Id": f"e{number}", "Message": "m"} for number in range(11)]
    return refused(
        doors.client("sns").publish_batch, TopicArn=topic.topic_arn, PublishBatchRequestEntries=entries
    )["status"]
