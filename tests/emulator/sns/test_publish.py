"""Publish and PublishBatch: what is accepted, what is refused, and how it is answered."""

from collections.abc import Mapping
from urllib.parse import urlencode

import pytest

from harness.emulator.letters import MessageAttribute
from harness.emulator.port.http import Headers, Request, Response
from harness.emulator.sns.publish import (
    InvalidPublish,
    Publication,
    form_of,
    parse_publish,
    parse_publish_batch,
    publish_answer,
    publish_batch_answer,
)

ARN = "arn:aws:sns:us-east-1:000000000000:t"


def an_attribute(name: str, kind: str, **values: str) -> dict[str, str]:
    start = "MessageAttributes.entry.1"
    named = {f"{start}.Value.{field}": value for field, value in values.items()}
    return {f"{start}.Name": name, f"{start}.Value.DataType": kind, **named}


def a_batch(*entries: Mapping[str, str]) -> dict[str, str]:
    start = "PublishBatchRequestEntries.member"
    numbered = enumerate(entries, start=1)
    return {"TopicArn": ARN} | {
        f"{start}.{number}.{name}": value for number, entry in numbered for name, value in entry.items()
    }


ACCEPTED: Mapping[str, tuple[dict[str, str], Publication]] = {
    "a message": ({"TopicArn": ARN, "Message": "x"}, Publication(ARN, "x")),
    "by TargetArn": ({"TargetArn": ARN, "Message": "x"}, Publication(ARN, "x")),
    "a subject": ({"TopicArn": ARN, "Message": "x", "Subject": "é" * 100}, Publication(ARN, "x", "é" * 100)),
    "an attribute": (
        {"TopicArn": ARN, "Message": "x", **an_attribute("a.b-c_d", "String", StringValue="v")},
        Publication(ARN, "x", attributes={"a.b-c_d": MessageAttribute("String", "v")}),
    ),
    "a binary attribute": (
        {"TopicArn": ARN, "Message": "x", **an_attribute("a", "Binary", BinaryValue="AAE=")},
        Publication(ARN, "x", attributes={"a": MessageAttribute("Binary", "AAE=")}),
    ),
    "a custom type": (
        {"TopicArn": ARN, "Message": "x", **an_attribute("a", "Number.int", StringValue="-1.5e3")},
        Publication(ARN, "x", attributes={"a": MessageAttribute("Number.int", "-1.5e3")}),
    ),
    "a FIFO topic": (
        {"TopicArn": ARN + ".fifo", "Message": "x", "MessageGroupId": "g", "MessageDeduplicationId": "d"},
        Publication(ARN + ".fifo", "x", group_id="g", deduplication_id="d"),
    ),
    "the largest message": (
        {"TopicArn": ARN, "Message": "é" * 131_072},
        Publication(ARN, "é" * 131_072),
    ),
}


@pytest.mark.parametrize(("form", "publication"), ACCEPTED.values(), ids=ACCEPTED)
def test_messages_that_are_accepted(form: dict[str, str], publication: Publication) -> None:
    assert parse_publish(form) == publication


INVALID = "InvalidParameter"
BAD_VALUE = "ParameterValueInvalid"
REFUSED: Mapping[str, tuple[dict[str, str], str, str]] = {
    "no message": ({}, INVALID, "Invalid parameter: Empty message"),
    "an empty message": ({"Message": ""}, INVALID, "Invalid parameter: Empty message"),
    "too long": ({"Message": "x" * 262_145}, INVALID, "Invalid parameter: Message too long"),
    "too long in bytes": ({"Message": "é" * 131_073}, INVALID, "Invalid parameter: Message too long"),
    "too long with its attributes": (
        {"Message": "x" * 262_137, **an_attribute("a", "String", StringValue="12")},
        INVALID,
        "Invalid parameter: Message too long",
    ),
    "an empty subject": ({"Message": "x", "Subject": ""}, INVALID, "Invalid parameter: Subject"),
    "a long subject": ({"Message": "x", "Subject": "s" * 101}, INVALID, "Invalid parameter: Subject"),
    "a subject of two lines": ({"Message": "x", "Subject": "a\nb"}, INVALID, "Invalid parameter: Subject"),
    "a structure that is no JSON": (
        {"Message": "{", "MessageStructure": "json"},
        INVALID,
        "Invalid parameter: Message Structure - JSON message body failed to parse",
    ),
    "a structure without a default": (
        {"Message": '{"lambda":"x"}', "MessageStructure": "json"},
        INVALID,
        "Invalid parameter: Message Structure - No default entry in JSON message body",
    ),
    "an attribute without a value": (
        {"Message": "x", **an_attribute("a", "String")},
        BAD_VALUE,
        "The message attribute 'a' must contain non-empty message attribute value for message attribute type "
        "'String'.",
    ),
    "an attribute with an empty value": (
        {"Message": "x", **an_attribute("a", "String", StringValue="")},
        BAD_VALUE,
        "The message attribute 'a' must contain non-empty message attribute value for message attribute type "
        "'String'.",
    ),
    "an attribute with its value in the wrong field": (
        {"Message": "x", **an_attribute("a", "Binary", StringValue="v")},
        BAD_VALUE,
        "The message attribute 'a' with type 'Binary' must use field 'Binary'.",
    ),
    "an unknown type": (
        {"Message": "x", **an_attribute("a", "Text", StringValue="v")},
        BAD_VALUE,
        "The message attribute 'a' has an invalid message attribute type, the set of supported type prefixes is "
        "Binary, Number, and String.",
    ),
    "a number that is none": (
        {"Message": "x", **an_attribute("a", "Number", StringValue="nan")},
        BAD_VALUE,
        "Could not cast message attribute 'a' value to number.",
    ),
    "binary that is not base64": (
        {"Message": "x", **an_attribute("a", "Binary", BinaryValue="é")},
        BAD_VALUE,
        "The value of message attribute 'a' is not base64.",
    ),
    "an attribute name with a space": (
        {"Message": "x", **an_attribute("a b", "String", StringValue="v")},
        BAD_VALUE,
        "Invalid message attribute name: 'a b'.",
    ),
    "a FIFO topic without a group": (
        {"TopicArn": ARN + ".fifo", "Message": "x"},
        INVALID,
        "Invalid parameter: The MessageGroupId parameter is required for FIFO topics",
    ),
    "no topic": (
        {"TopicArn": "", "Message": "x"},
        INVALID,
        "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter",
    ),
}


@pytest.mark.parametrize(("form", "code", "message"), REFUSED.values(), ids=REFUSED)
@pytest.mark.aws("S-24")
def test_messages_that_are_refused(form: dict[str, str], code: str, message: str) -> None:
    with pytest.raises(InvalidPublish) as refused:
        parse_publish({"TopicArn": ARN} | form)

    assert (refused.value.code, refused.value.message) == (code, message)


def test_each_protocol_gets_its_own_text_or_the_default() -> None:
    structure = '{"default":"d","lambda":"l","sqs":7}'
    publication = parse_publish({"TopicArn": ARN, "Message": structure, "MessageStructure": "json"})

    assert [publication.message_for(one) for one in ("lambda", "sqs", "http")] == ["l", "d", "d"]


@pytest.mark.aws("S-27")
def test_a_batch_keeps_its_entries_in_their_order() -> None:
    texts = [f"m{number}" for number in range(10)]
    batch = parse_publish_batch(a_batch(*({"Id": text, "Message": text} for text in texts)))

    assert batch == tuple(Publication(ARN, text, entry_id=text) for text in texts)


def test_an_entry_has_attributes_of_its_own() -> None:
    entry = {"Id": "1", "Message": "x", **an_attribute("a", "String", StringValue="v")}

    assert parse_publish_batch(a_batch(entry, {"Id": "2", "Message": "y"})) == (
        Publication(ARN, "x", attributes={"a": MessageAttribute("String", "v")}, entry_id="1"),
        Publication(ARN, "y", entry_id="2"),
    )


REFUSED_BATCHES: Mapping[str, tuple[list[dict[str, str]], str]] = {
    "no entries": ([], "EmptyBatchRequest"),
    "eleven entries": ([{"Id": str(n), "Message": "x"} for n in range(11)], "TooManyEntriesInBatchRequest"),
    "the same id twice": (
        [{"Id": "1", "Message": "x"}, {"Id": "1", "Message": "y"}],
        "BatchEntryIdsNotDistinct",
    ),
    "no id": ([{"Message": "x"}], "InvalidBatchEntryId"),
    "an id with a space": ([{"Id": "a b", "Message": "x"}], "InvalidBatchEntryId"),
    "an id that is too long": ([{"Id": "a" * 81, "Message": "x"}], "InvalidBatchEntryId"),
    "too long together": (
        [{"Id": str(n), "Message": "x" * 131_073} for n in range(2)],
        "BatchRequestTooLong",
    ),
}


@pytest.mark.parametrize(("entries", "code"), REFUSED_BATCHES.values(), ids=REFUSED_BATCHES)
@pytest.mark.aws("S-27")
def test_batches_that_are_refused(entries: list[dict[str, str]], code: str) -> None:
    with pytest.raises(InvalidPublish) as refused:
        parse_publish_batch(a_batch(*entries))

    assert refused.value.code == code


@pytest.mark.parametrize(
    "request_",
    [
        Request("POST", "/", body=urlencode({"Message": "é&=", "Subject": ""}).encode()),
        Request("GET", "/", query=urlencode({"Message": "é&=", "Subject": ""})),
    ],
    ids=["in the body", "in the query string"],
)
def test_the_parameters_of_a_request(request_: Request) -> None:
    assert form_of(request_) == {"Message": "é&=", "Subject": ""}


def test_a_body_that_is_no_text_is_read_all_the_same() -> None:
    assert form_of(Request("POST", "/", headers=Headers(), body=b"Message=\xff")) == {"Message": "\ufffd"}


def test_the_answers_are_the_query_protocols() -> None:
    start = 'xmlns="http://sns.amazonaws.com/doc/2010-03-31/"'
    headers = (("Content-Type", "text/xml"), ("x-amzn-RequestId", "r"))
    metadata = "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"

    assert publish_answer("m", "r") == Response(
        200,
        headers,
        f"<PublishResponse {start}><PublishResult><MessageId>m</MessageId></PublishResult>{metadata}"
        "</PublishResponse>".encode(),
    )
    assert publish_batch_answer({"e": "m"}, "r") == Response(
        200,
        headers,
        f"<PublishBatchResponse {start}><PublishBatchResult><Successful><member><Id>e</Id><MessageId>m</MessageId>"
        f"</member></Successful><Failed/></PublishBatchResult>{metadata}</PublishBatchResponse>".encode(),
    )
