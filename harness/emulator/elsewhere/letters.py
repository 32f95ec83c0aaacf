"""Letters for queues and topics elsewhere, sent as the SDK would: SendMessage, or Publish."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

from harness.emulator.aws_api.requests import AwsCall
from harness.emulator.letters import Letter, MessageAttribute
from harness.emulator.port.http import Headers, Request

_FORM = Headers((("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),))
_VERSIONS = {"sqs": "2012-11-05", "sns": "2010-03-31"}


def get_queue_url(letter: Letter) -> tuple[AwsCall, Request]:
    """The call that tells the URL of the letter's queue."""
    return _call(letter, "GetQueueUrl", {"QueueName": letter.target.split(":")[5]})


def send_message(letter: Letter, queue_url: str) -> tuple[AwsCall, Request]:
    """The call that puts the letter in its queue."""
    attributes = _numbered("MessageAttribute.{}", letter.attributes)
    asked = {"QueueUrl": queue_url, "MessageBody": letter.body, **dict(attributes)}
    if letter.message_group:
        asked["MessageGroupId"] = letter.message_group
    return _call(letter, "SendMessage", asked)


def publish(letter: Letter) -> tuple[AwsCall, Request]:
    """The call that publishes the letter to its topic."""
    attributes = _numbered("MessageAttributes.entry.{}", letter.attributes)
    return _call(letter, "Publish", {"TopicArn": letter.target, "Message": letter.body, **dict(attributes)})


def _numbered(prefix: str, attributes: Mapping[str, MessageAttribute]) -> Iterator[tuple[str, str]]:
    for number, (name, one) in enumerate(attributes.items(), start=1):
        entry = prefix.format(number)
        yield f"{entry}.Name", name
        yield f"{entry}.Value.DataType", one.type
        yield f"{entry}.Value.StringValue", one.value


def _call(letter: Letter, operation: str, parameters: Mapping[str, str]) -> tuple[AwsCall, Request]:
    _, _, service, region, *_ = letter.target.split(":")
    form = {"Action": operation, "Version": _VERSIONS[service], **parameters}
    request = Request("POST", "/", headers=_FORM, body=urlencode(form).encode())
    return AwsCall(service, operation, region), request
