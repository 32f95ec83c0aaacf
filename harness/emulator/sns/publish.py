"""Publish and PublishBatch requests of the SNS Query API: parsed, validated and answered."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import orjson

from harness.emulator.letters import MessageAttribute
from harness.emulator.port.http import Request, Response
from harness.emulator.sns.topics import MESSAGE_BYTES

MAX_BATCH_ENTRIES = 10

_NAMESPACE = "http://sns.amazonaws.com/doc/2010-03-31/"
_ENTRY = re.compile(r"PublishBatchRequestEntries\.member\.(\d+)\.(.+)")
_ATTRIBUTE = re.compile(r"MessageAttributes\.entry\.(\d+)\.(Name|Value\.\w+)")
_ATTRIBUTE_NAME = re.compile(r"[\w-]+(\.[\w-]+)*", re.ASCII)
_ATTRIBUTE_TYPE = re.compile(r"(String|Number|Binary)(\..+)?")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_ENTRY_ID = re.compile(r"[\w-]{1,80}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class InvalidPublish(Exception):
    """The request is refused with `code`, and a message in SNS's words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True, slots=True)
class Publication:
    """One message to publish; `entry_id` names it within a batch. `by_protocol` holds MessageStructure=json.

    `group_id` and `deduplication_id` are for FIFO topics and the FIFO queues behind them.
    """

    topic_arn: str
    message: str
    subject: str | None = None
    attributes: Mapping[str, MessageAttribute] = field(default_factory=dict)
    entry_id: str = ""
    by_protocol: Mapping[str, str] | None = None
    group_id: str | None = None
    deduplication_id: str | None = None

    def message_for(self, protocol: str) -> str:
        """The text that a subscription of this protocol gets."""
        if self.by_protocol is None:
            return self.message
        return self.by_protocol.get(protocol, self.by_protocol["default"])


def form_of(request: Request) -> dict[str, str]:
    """The parameters of a Query request: those of its body, or of its query string for a GET."""
    body = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    return dict([*request.query_items(), *body])


def topic_arn_of(form: Mapping[str, str]) -> str:
    """The topic that a Publish or PublishBatch request names, "" for none."""
    return form.get("TopicArn") or form.get("TargetArn", "")


def parse_publish(form: Mapping[str, str], *, most: int = MESSAGE_BYTES) -> Publication:
    """The message of a Publish request, of at most `most` bytes (S-24, S-25); raises InvalidPublish."""
    topic_arn = topic_arn_of(form)
    if not topic_arn:
        raise InvalidPublish(
            "InvalidParameter",
            "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter",
        )
    return _publication(form, topic_arn, most)


def parse_publish_batch(form: Mapping[str, str], *, most: int = MESSAGE_BYTES) -> tuple[Publication, ...]:
    """The messages of a PublishBatch request in order, of at most `most` bytes together (S-27).

    Raises InvalidPublish for the whole batch.
    """
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
    _check_entry_ids([entry.get("Id", "") for entry in entries.values()])
    topic_arn = form.get("TopicArn", "")
    batch = tuple(_publication(entries[number], topic_arn, most) for number in sorted(entries))
    if sum(size(publication) for publication in batch) > most:
        raise InvalidPublish(
            "BatchRequestTooLong", "The length of all the messages put together is too long."
        )
    return batch


def _check_entry_ids(entry_ids: Sequence[str]) -> None:
    if not all(_ENTRY_ID.fullmatch(entry_id) for entry_id in entry_ids):
        raise InvalidPublish(
            "InvalidBatchEntryId",
            "The Id of a batch entry in a batch request doesn't abide by the specification.",
        )
    if len(set(entry_ids)) != len(entry_ids):
        raise InvalidPublish(
            "BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id."
        )


def publish_answer(message_id: str, request_id: str) -> Response:
    """Publish succeeded."""
    return xml_answer("Publish", f"<MessageId>{message_id}</MessageId>", request_id)


def publish_batch_answer(accepted: Mapping[str, str], request_id: str) -> Response:
    """PublishBatch succeeded for these entries: entry id -> message id."""
    members = "".join(
        f"<member><Id>{escape(entry)}</Id><MessageId>{message_id}</MessageId></member>"
        for entry, message_id in accepted.items()
    )
    return xml_answer("PublishBatch", f"<Successful>{members}</Successful><Failed/>", request_id)


def _publication(form: Mapping[str, str], topic_arn: str, most: int) -> Publication:
    message = form.get("Message", "")
    if not message:
        raise InvalidPublish("InvalidParameter", "Invalid parameter: Empty message")
    subject = form.get("Subject")
    if subject is not None and (not 0 < len(subject) <= 100 or _CONTROL.search(subject)):
        raise InvalidPublish("InvalidParameter", "Invalid parameter: Subject")
    group_id = form.get("MessageGroupId")
    if topic_arn.endswith(".fifo") and not group_id:
        raise InvalidPublish(
            "InvalidParameter",
            "Invalid parameter: The MessageGroupId parameter is required for FIFO topics",
        )
    publication = Publication(
        topic_arn,
        message,
        subject,
        _attributes(form),
        form.get("Id", ""),
        _by_protocol(form, message),
        group_id,
        form.get("MessageDeduplicationId"),
    )
    if size(publication) > most:
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
    field = "Binary" if kind.startswith("Binary") else "String"
    value = entry.get(f"Value.{field}Value")
    fault = _fault_of_attribute(name, kind, value)
    if fault is None and value is None and any(other.endswith("Value") for other in entry):
        fault = f"The message attribute '{name}' with type '{kind}' must use field '{field}'."
    if fault is None and not value:
        fault = (
            f"The message attribute '{name}' must contain non-empty message attribute value for message "
            f"attribute type '{kind}'."
        )
    if fault is not None:
        raise InvalidPublish("ParameterValueInvalid", fault)
    return name, MessageAttribute(kind, value or "")


def _fault_of_attribute(name: str, kind: str, value: str | None) -> str | None:
    """What is wrong with an attribute's name, its type or the form of its value, in SNS's words."""
    if not _ATTRIBUTE_NAME.fullmatch(name) or len(name) > 256:
        return (
            f"Invalid message attribute name: '{name}'."  # Not recorded on AWS yet: one text for all causes.
        )
    if not _ATTRIBUTE_TYPE.fullmatch(kind):
        return (
            f"The message attribute '{name}' has an invalid message attribute type, the set of supported type "
            "prefixes is Binary, Number, and String."
        )
    if kind.startswith("Number") and value and not _NUMBER.fullmatch(value):
        return f"Could not cast message attribute '{name}' value to number."
    if kind.startswith("Binary") and value and not _is_base64(value):
        return f"The value of message attribute '{name}' is not base64."  # the SDKs never send such a one
    return None


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def size(publication: Publication) -> int:
    """The bytes of the message, and of the names, types and values of its attributes."""
    attributes = sum(
        len(name.encode()) + len(attribute.type) + _value_size(attribute)
        for name, attribute in publication.attributes.items()
    )
    return len(publication.message.encode()) + attributes


def _value_size(attribute: MessageAttribute) -> int:
    if attribute.type.startswith("Binary"):
        return len(base64.b64decode(attribute.value))
    return len(attribute.value.encode())


def xml_answer(action: str, result: str, request_id: str) -> Response:
    """The success of an operation in the Query protocol; `result` is XML."""
    body = (
        f'<{action}Response xmlns="{_NAMESPACE}"><{action}Result>{result}</{action}Result>'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>"
    )
    return Response(200, (("Content-Type", "text/xml"), ("x-amzn-RequestId", request_id)), body.encode())
