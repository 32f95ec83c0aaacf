"""Publish and PublishBatch requests of the SNS Query API: parsed, validated and answered."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import orjson

from harness.emulator.http import Response
from harness.emulator.sns.envelope import MessageAttribute

# The default limit of a message with its attributes (S-24), and of a whole batch (S-27).
MAX_MESSAGE_BYTES = 262_144
MAX_BATCH_ENTRIES = 10

_NAMESPACE = "http://sns.amazonaws.com/doc/2010-03-31/"
_ENTRY = re.compile(r"PublishBatchRequestEntries\.member\.(\d+)\.(.+)")
_ATTRIBUTE = re.compile(r"MessageAttributes\.entry\.(\d+)\.(Name|Value\.\w+)")


class InvalidPublish(Exception):  # noqa: N818 - the publisher's mistake, answered as data
    """The request is refused with `code`, and a message in SNS's words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True, slots=True)
class Publication:
    """One message to publish; `entry_id` names it within a batch. `by_protocol` holds MessageStructure=json."""

    topic_arn: str
    message: str
    subject: str | None = None
    attributes: Mapping[str, MessageAttribute] = field(default_factory=dict)
    entry_id: str = ""
    by_protocol: Mapping[str, str] | None = None

    def message_for(self, protocol: str) -> str:
        """The text that a subscription of this protocol gets."""
        if self.by_protocol is None:
            return self.message
        return self.by_protocol.get(protocol, self.by_protocol["default"])


def form_of(body: bytes) -> dict[str, str]:
    """The form parameters of a Query request."""
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


def parse_publish(form: Mapping[str, str]) -> Publication:
    """The message of a Publish request; raises InvalidPublish."""
    return _publication(form, form.get("TopicArn") or form.get("TargetArn", ""))


def parse_publish_batch(form: Mapping[str, str]) -> tuple[Publication, ...]:
    """The messages of a PublishBatch request in order; raises InvalidPublish for the whole batch."""
    entries: dict[int, dict[str, str]] = {}
    for name, value in form.items():
        if match := _ENTRY.fullmatch(name):
            entries.setdefault(int(match[1]), {})[match[2]] = value
    if not entries:
        raise InvalidPublish("EmptyBatchRequest", "The batch request doesn't contain any entries.")
    if len(entries) > MAX_BATCH_ENTRIES:
        raise InvalidPublish(
            "TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible."
        )
    topic_arn = form.get("TopicArn", "")
    batch = tuple(_publication(entries[number], topic_arn) for number in sorted(entries))
    if len({publication.entry_id for publication in batch}) != len(batch):
        raise InvalidPublish(
            "BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id."
        )
    if sum(_size(publication) for publication in batch) > MAX_MESSAGE_BYTES:
        raise InvalidPublish(
            "BatchRequestTooLong", "The length of all the messages put together is too long."
        )
    return batch


def publish_answer(message_id: str, request_id: str) -> Response:
    """Publish succeeded."""
    return _xml("Publish", f"<MessageId>{message_id}</MessageId>", request_id)


def publish_batch_answer(accepted: Mapping[str, str], request_id: str) -> Response:
    """PublishBatch succeeded for these entries: entry id -> message id."""
    members = "".join(
        f"<member><Id>{escape(entry)}</Id><MessageId>{message_id}</MessageId></member>"
        for entry, message_id in accepted.items()
    )
    return _xml("PublishBatch", f"<Successful>{members}</Successful><Failed/>", request_id)


def _publication(form: Mapping[str, str], topic_arn: str) -> Publication:
    message = form.get("Message", "")
    if not message:
        raise InvalidPublish("InvalidParameter", "Invalid parameter: Empty message")
    subject = form.get("Subject")
    if subject is not None and not 0 < len(subject) <= 100:
        raise InvalidPublish("InvalidParameter", "Invalid parameter: Subject")
    publication = Publication(
        topic_arn, message, subject, _attributes(form), form.get("Id", ""), _by_protocol(form, message)
    )
    if _size(publication) > MAX_MESSAGE_BYTES:
        raise InvalidPublish("InvalidParameter", "Invalid parameter: Message too long")
    return publication


def _by_protocol(form: Mapping[str, str], message: str) -> Mapping[str, str] | None:
    if form.get("MessageStructure") != "json":
        return None
    try:
        texts = orjson.loads(message)
    except orjson.JSONDecodeError as error:
        raise InvalidPublish(
            "InvalidParameter", "Invalid parameter: Message Structure - JSON message body failed to parse"
        ) from error
    if not isinstance(texts, dict) or not isinstance(texts.get("default"), str):
        raise InvalidPublish(
            "InvalidParameter", "Invalid parameter: Message Structure - No default entry in JSON message body"
        )
    return {protocol: text for protocol, text in texts.items() if isinstance(text, str)}


def _attributes(form: Mapping[str, str]) -> dict[str, MessageAttribute]:
    entries: dict[int, dict[str, str]] = {}
    for name, value in form.items():
        if match := _ATTRIBUTE.fullmatch(name):
            entries.setdefault(int(match[1]), {})[match[2]] = value
    return dict(_attribute(entries[number]) for number in sorted(entries))


def _attribute(entry: Mapping[str, str]) -> tuple[str, MessageAttribute]:
    name, kind = entry.get("Name", ""), entry.get("Value.DataType", "")
    value = entry.get("Value.BinaryValue" if kind.startswith("Binary") else "Value.StringValue")
    if value is None or not kind:
        raise InvalidPublish(
            "ParameterValueInvalid",
            f"The message attribute '{name}' must contain non-empty message attribute value.",
        )
    return name, MessageAttribute(kind, value)


def _size(publication: Publication) -> int:
    attributes = sum(
        len(name.encode()) + len(attribute.type) + _value_size(attribute)
        for name, attribute in publication.attributes.items()
    )
    return len(publication.message.encode()) + attributes


def _value_size(attribute: MessageAttribute) -> int:
    if attribute.type.startswith("Binary"):
        return len(base64.b64decode(attribute.value))
    return len(attribute.value.encode())


def _xml(action: str, result: str, request_id: str) -> Response:
    body = (
        f'<{action}Response xmlns="{_NAMESPACE}"><{action}Result>{result}</{action}Result>'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>"
    )
    return Response(200, (("Content-Type", "text/xml"), ("x-amzn-RequestId", request_id)), body.encode())
